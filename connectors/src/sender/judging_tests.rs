#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::events::{CampaignMessage, QuietHours};

use super::judging::{Judged, judge_row};
use super::pools::Pools;
use crate::ledger::State;
use crate::ledger::store::{LeasedRow, Move};
use crate::providers::Senders;
use crate::sample_message::sample_message;

const KNOWN: &str = r#"{"accounts": {"conta-1": {"timeZone": "America/Sao_Paulo",
    "providers": {"twilio": {"kind": "twilio", "baseUrl": "https://api.twilio.com", "accountSid": "AC1", "authToken": "t"}},
    "pools": {"sms": {"padrao": [{"id": "sms-1", "address": "+551140000001", "provider": "twilio"}]}}}}}"#;

/// Noon in São Paulo.
fn now() -> DateTime<Utc> {
    "2026-05-05T15:00:00Z".parse().unwrap()
}

fn pools() -> Pools {
    let senders = Senders::parse(KNOWN, Path::new("/")).unwrap();
    Pools::of(&senders, Channel::Sms, Duration::from_secs(1), Duration::from_secs(1)).unwrap()
}

/// Due so long ago, with six hours' grace.
fn row(account_id: &str, due_for: TimeDelta) -> LeasedRow {
    let message = CampaignMessage {
        account_id: account_id.to_owned(),
        due_at: (now() - due_for).timestamp_millis(),
        max_late_ms: TimeDelta::hours(6).num_milliseconds(),
        ..sample_message(Channel::Sms)
    };
    LeasedRow {
        message_id: message.message_id.parse().unwrap(),
        token: Uuid::from_u128(7),
        message,
        attempt: 0,
        provider: None,
        sender_id: None,
        unless_sent: None,
        now: now(),
        suppressed: false,
        consent: None,
        finished: false,
        earlier_state: None,
        campaign_state: Some("active".to_owned()),
        recent: Vec::new(),
    }
}

/// State and reason of the row's move; none for a call.
fn said(row: &LeasedRow) -> Option<(State, &'static str)> {
    match judge_row(row, Channel::Sms, &pools()) {
        Judged::Call(_) => None,
        Judged::Moves(Move { to, reason, .. }) => Some((to, reason.unwrap())),
    }
}

#[test]
fn what_is_late_ends_also_where_nobody_knows_its_account_or_pool() {
    let (timely, late) = (TimeDelta::hours(1), TimeDelta::hours(7));
    let of_pool = |pool: &str, due_for| {
        let mut row = row("conta-1", due_for);
        pool.clone_into(&mut row.message.sender_pool);
        row
    };
    assert_eq!(said(&row("conta-1", timely)), None);
    assert_eq!(said(&row("conta-1", late)), Some((State::Skipped, "late")));
    assert_eq!(said(&of_pool("sumiu", timely)), Some((State::Waiting, "unknown_pool")));
    assert_eq!(said(&of_pool("sumiu", late)), Some((State::Skipped, "late")));
    assert_eq!(said(&row("sumiu", timely)), Some((State::Waiting, "unknown_account")));
    assert_eq!(said(&row("sumiu", late)), Some((State::Skipped, "late")));
}

#[test]
fn quiet_hours_of_an_unknown_account_are_no_lateness() {
    // Due at 20:00 the day before; from 21:00 to 8:00 is quiet, so five hours of six have passed.
    let mut row = row("sumiu", TimeDelta::hours(16));
    row.message.quiet_hours = Some(QuietHours { from_minute: 21 * 60, to_minute: 8 * 60 });
    assert_eq!(said(&row), Some((State::Waiting, "unknown_account")));
    row.now += TimeDelta::hours(2);
    assert_eq!(said(&row), Some((State::Skipped, "late")));
}

#[test]
fn an_opt_out_counts_also_where_nobody_knows_the_account() {
    let row = LeasedRow { suppressed: true, ..row("sumiu", TimeDelta::hours(1)) };
    assert_eq!(said(&row), Some((State::Skipped, "suppressed")));
}
