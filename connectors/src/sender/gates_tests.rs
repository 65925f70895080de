#![allow(clippy::unwrap_used)]

use super::*;

const SETTINGS: BreakerSettings = BreakerSettings {
    consecutive_outages: 3,
    outage_share: 0.5,
    window: Duration::from_secs(10),
    least_calls: 20,
    open_for: Duration::from_secs(10),
    probe_for: Duration::from_secs(10),
};

const FIRST: Way<'static> = Way { account_id: "conta", provider: "a", sender_id: "a-1" };
/// Another sender of the same provider.
const SECOND: Way<'static> = Way { sender_id: "a-2", ..FIRST };
const OTHER: Way<'static> = Way { provider: "b", sender_id: "b-1", ..FIRST };

fn not_taken(kind: NotTakenKind, retry_after: Option<u64>) -> Outcome {
    Outcome::NotTaken(NotTaken { reason: "test", retry_after: retry_after.map(Duration::from_secs), kind })
}

fn call(gates: &Gates, way: Way<'_>, outcome: &Outcome, now: Instant) -> Changed {
    let leave = gates.leave(way, now).unwrap();
    gates.record(way, leave, outcome, now)
}

fn states(gates: &Gates, now: Instant) -> [BreakerState; 3] {
    [FIRST, SECOND, OTHER].map(|way| gates.state(way, now))
}

use BreakerState::{Closed, HalfOpen, Open};

#[test]
fn an_outage_closes_every_way_of_the_provider_and_one_probe_opens_them() {
    let (gates, start) = (Gates::new(SETTINGS), Instant::now());
    let away = not_taken(NotTakenKind::Away, None);
    for _ in 0..2 {
        assert_eq!(call(&gates, FIRST, &away, start), Changed { provider: None, sender: None });
    }
    let changed = call(&gates, SECOND, &away, start);
    assert_eq!(changed, Changed { provider: Some(Open), sender: None });
    assert_eq!(states(&gates, start), [Open, Open, Closed]);

    let half = start + SETTINGS.open_for;
    assert_eq!(states(&gates, half), [HalfOpen, HalfOpen, Closed]);
    assert!(gates.offer(FIRST, half));
    assert_eq!(states(&gates, half), [Open, Open, Closed]);
    assert!(!gates.offer(SECOND, half) && gates.offer(OTHER, half) && gates.offer(OTHER, half));
    let probe = gates.leave(FIRST, half).unwrap();
    for seconds in 0..10 {
        let now = half + Duration::from_secs(seconds);
        assert_eq!(states(&gates, now), [Open, Open, Closed], "the probe is on its way");
        assert!(gates.leave(SECOND, now).is_none());
    }
    let now = half + Duration::from_secs(9);
    let changed = gates.record(FIRST, probe, &Outcome::Accepted { reference: "SM1".to_owned() }, now);
    assert_eq!(changed, Changed { provider: Some(Closed), sender: None });
    assert_eq!(states(&gates, now), [Closed; 3]);
}

#[test]
fn a_sender_that_is_not_taken_is_no_outage_of_its_provider() {
    let (gates, start) = (Gates::new(SETTINGS), Instant::now());
    let bad = not_taken(NotTakenKind::Sender, None);
    for _ in 0..2 {
        call(&gates, FIRST, &bad, start);
    }
    assert_eq!(call(&gates, FIRST, &bad, start), Changed { provider: None, sender: Some(Open) });
    assert_eq!(states(&gates, start), [Open, Closed, Closed]);
    let half = start + SETTINGS.open_for;
    assert_eq!(states(&gates, half), [HalfOpen, Closed, Closed]);
    call(&gates, FIRST, &bad, half);
    assert_eq!(states(&gates, half), [Open, Closed, Closed]);
    assert_eq!(gates.state(Way { account_id: "outra", ..FIRST }, half), Closed);
}

#[test]
fn a_provider_that_is_down_takes_no_probe_of_a_sender() {
    let (gates, start) = (Gates::new(SETTINGS), Instant::now());
    for _ in 0..3 {
        call(&gates, FIRST, &not_taken(NotTakenKind::Sender, None), start);
    }
    let later = start + Duration::from_secs(5);
    for _ in 0..3 {
        call(&gates, SECOND, &not_taken(NotTakenKind::Away, None), later);
    }
    let now = start + SETTINGS.open_for;
    assert!(!gates.offer(FIRST, now) && gates.leave(FIRST, now).is_none());
    let now = later + SETTINGS.open_for;
    assert_eq!(gates.state(FIRST, now), HalfOpen, "both at once");
    assert!(gates.offer(FIRST, now) && gates.leave(FIRST, now).is_some());
}

#[test]
fn a_sender_rests_as_long_as_it_was_told() {
    let (gates, start) = (Gates::new(SETTINGS), Instant::now());
    let after = |seconds| start + Duration::from_secs(seconds);
    call(&gates, FIRST, &not_taken(NotTakenKind::Limit, Some(60)), start);
    // A shorter word that comes later does not end it.
    let leave = gates.leave(FIRST, start).unwrap();
    gates.record(FIRST, leave, &not_taken(NotTakenKind::Limit, Some(1)), after(1));
    assert_eq!(states(&gates, after(59)), [Open, Closed, Closed]);
    assert!(!gates.offer(FIRST, after(59)));
    assert_eq!(states(&gates, after(60)), [Closed; 3]);
    // A day is not believed.
    call(&gates, FIRST, &not_taken(NotTakenKind::Limit, Some(86_400)), after(60));
    assert_eq!(states(&gates, after(60) + LONGEST_REST), [Closed; 3]);
}

#[test]
fn a_wait_for_one_recipient_is_no_rest_of_the_sender() {
    let (gates, start) = (Gates::new(SETTINGS), Instant::now());
    for outcome in [
        not_taken(NotTakenKind::Later, Some(6)),
        not_taken(NotTakenKind::Limit, None),
        not_taken(NotTakenKind::Away, Some(60)),
    ] {
        call(&gates, FIRST, &outcome, start);
        assert_eq!(states(&gates, start), [Closed; 3], "{outcome:?}");
    }
}
