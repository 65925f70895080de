#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;

use super::*;
use crate::providers::{NotTaken, NotTakenKind, Outcome};

const OPEN_FOR: Duration = Duration::from_secs(10);
const ACCOUNT: &str = "conta";
const POOL: &str = "padrao";

/// A pool of two senders of one provider and one of another, and a pool of one sender.
fn pools() -> Pools {
    let twilio = |port: u16| json!({"kind": "twilio", "baseUrl": format!("http://127.0.0.1:{port}"), "accountSid": "AC01", "authToken": "t"});
    let sender = |id: &str, provider: &str| json!({"id": id, "address": format!("Escola {}", id.replace('-', " ")), "provider": provider});
    let document = json!({"accounts": {ACCOUNT: {
        "timeZone": "America/Sao_Paulo",
        "providers": {"a": twilio(1), "b": twilio(2)},
        "pools": {"sms": {
            POOL: [sender("a-1", "a"), sender("a-2", "a"), sender("b-1", "b")],
            "so": [sender("a-3", "a")],
        }},
    }}});
    let senders = Senders::parse(&document.to_string(), Path::new("/")).unwrap();
    Pools::of(&senders, Channel::Sms, Duration::from_secs(1), OPEN_FOR).unwrap()
}

fn not_taken(kind: NotTakenKind, retry_after: Option<Duration>) -> Outcome {
    Outcome::NotTaken(NotTaken { reason: "test", retry_after, kind })
}

/// One call by this sender.
fn call(pools: &Pools, pool: &str, sender_id: &str, outcome: &Outcome, now: Instant) {
    let way = pools.sender(ACCOUNT, pool, sender_id).unwrap().way(ACCOUNT);
    let leave = pools.gates().leave(way, now).unwrap();
    pools.gates().record(way, leave, outcome, now);
}

fn breaks(pools: &Pools, kind: NotTakenKind, sender_id: &str, now: Instant) {
    for _ in 0..5 {
        call(pools, POOL, sender_id, &not_taken(kind, None), now);
    }
}

fn order(pools: &Pools, pool: &str, recipient: &str, last: LastCall<'_>, now: Instant) -> Vec<String> {
    pools.order(ACCOUNT, pool, recipient, last, now).into_iter().map(|choice| choice.id).collect()
}

/// (pool, whether for a probe alone)
fn open(pools: &Pools, now: Instant) -> Vec<(&str, bool)> {
    pools.open(now).into_iter().map(|open| (open.pool, open.is_probe)).collect()
}

fn nobody() -> LastCall<'static> {
    LastCall::default()
}

#[test]
fn no_more_rows_are_leased_than_senders_can_have_tokens_for() {
    let pool = |burst, is_probe| OpenPool { account_id: ACCOUNT, pool: POOL, is_probe, burst };
    assert_eq!([100, 3, 0].map(|slots| pool(7, false).room(slots)), [7, 3, 0]);
    assert_eq!(pool(7, true).room(100), 1);
    let (pools, now) = (pools(), Instant::now());
    let bursts: Vec<(&str, u64)> = pools.open(now).iter().map(|open| (open.pool, open.burst)).collect();
    assert_eq!(bursts, [(POOL, 3), ("so", 1)]);
}

#[test]
fn a_pool_whose_provider_is_down_is_open_to_one_probe_and_to_nobody_while_it_runs() {
    let (pools, start) = (pools(), Instant::now());
    breaks(&pools, NotTakenKind::Away, "a-1", start);
    assert_eq!(open(&pools, start), [(POOL, false)], "the other provider is there");
    assert_eq!(order(&pools, "so", "+5511987654321", nobody(), start), Vec::<String>::new());

    let half = start + OPEN_FOR;
    assert_eq!(open(&pools, half), [(POOL, false), ("so", true)]);
    assert_eq!(order(&pools, "so", "+5511987654321", nobody(), half), ["a-3"]);
    // The next rows of the round, and the pools of the next rounds, while the call is on its way.
    assert_eq!(order(&pools, "so", "+5511987654322", nobody(), half), Vec::<String>::new());
    let way = pools.sender(ACCOUNT, "so", "a-3").unwrap().way(ACCOUNT);
    let probe = pools.gates().leave(way, half).unwrap();
    for seconds in 0..10 {
        let now = half + Duration::from_secs(seconds);
        assert_eq!(open(&pools, now), [(POOL, false)]);
        assert_eq!(order(&pools, POOL, "+5511987654321", nobody(), now), ["b-1"]);
    }
    pools.gates().record(way, probe, &Outcome::Accepted { reference: "SM1".to_owned() }, half);
    assert_eq!(open(&pools, half), [(POOL, false), ("so", false)]);
    assert_eq!(order(&pools, POOL, "+5511987654321", nobody(), half).len(), 3);
}

/// An outage of an hour, of a worker that looks ten times a second: it calls once in ten seconds, and leases
/// nothing but for that.
#[test]
fn a_long_outage_costs_a_probe_now_and_then() {
    let (pools, start) = (pools(), Instant::now());
    breaks(&pools, NotTakenKind::Away, "a-1", start);
    let (mut probes, mut in_vain) = (0, 0);
    for tenths in 0..36_000 {
        let now = start + Duration::from_millis(100 * tenths);
        let Some((_, is_probe)) = open(&pools, now).into_iter().find(|(pool, _)| *pool == "so") else {
            continue;
        };
        assert!(is_probe);
        match order(&pools, "so", "+5511987654321", nobody(), now).first() {
            Some(_) => {
                call(&pools, "so", "a-3", &not_taken(NotTakenKind::Away, None), now);
                probes += 1;
            }
            None => in_vain += 1,
        }
    }
    assert_eq!((probes, in_vain), (359, 0));
}

#[test]
fn a_recipient_keeps_to_a_sender_and_goes_elsewhere_when_it_was_not_taken_there() {
    let (pools, now) = (pools(), Instant::now());
    let mut firsts = BTreeSet::new();
    for number in 0..50 {
        let recipient = format!("+55119876543{number:02}");
        let ordered = order(&pools, POOL, &recipient, nobody(), now);
        assert_eq!(ordered, order(&pools, POOL, &recipient, nobody(), now));
        assert_eq!(ordered.iter().collect::<BTreeSet<_>>().len(), 3);
        firsts.insert(ordered[0].clone());
        let last = LastCall { provider: Some("a"), sender_id: Some("a-1") };
        assert_eq!(order(&pools, POOL, &recipient, last, now), ["b-1", "a-2", "a-1"]);
        let last = LastCall { provider: Some("b"), sender_id: Some("b-1") };
        assert_eq!(order(&pools, POOL, &recipient, last, now)[2], "b-1");
    }
    assert_eq!(firsts.len(), 3);
}

#[test]
fn a_number_that_the_provider_does_not_take_stops_neither_the_others_nor_the_provider() {
    let (pools, now) = (pools(), Instant::now());
    breaks(&pools, NotTakenKind::Sender, "a-1", now);
    assert_eq!(open(&pools, now), [(POOL, false), ("so", false)]);
    for number in 0..50 {
        let ordered = order(&pools, POOL, &format!("+55119876543{number:02}"), nobody(), now);
        assert_eq!(ordered.iter().collect::<BTreeSet<_>>().len(), 2);
        assert!(!ordered.contains(&"a-1".to_owned()), "{ordered:?}");
    }
}

#[test]
fn a_sender_that_is_told_to_wait_rests_and_the_others_go_on() {
    let (pools, start) = (pools(), Instant::now());
    let minute = Duration::from_secs(60);
    call(&pools, "so", "a-3", &not_taken(NotTakenKind::Limit, Some(minute)), start);
    call(&pools, POOL, "a-1", &not_taken(NotTakenKind::Limit, Some(minute)), start);
    let now = start + Duration::from_secs(59);
    assert_eq!(open(&pools, now), [(POOL, false)]);
    assert_eq!(order(&pools, POOL, "+5511987654321", nobody(), now).len(), 2);
    assert_eq!(open(&pools, start + minute), [(POOL, false), ("so", false)]);
    assert_eq!(order(&pools, POOL, "+5511987654321", nobody(), start + minute).len(), 3);
    // Too early for one recipient is not too early for another.
    call(&pools, "so", "a-3", &not_taken(NotTakenKind::Later, Some(minute)), start + minute);
    assert_eq!(open(&pools, start + minute), [(POOL, false), ("so", false)]);
}
