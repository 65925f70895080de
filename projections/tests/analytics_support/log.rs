use proptest::prelude::*;
use uuid::Uuid;
use vendzz_projections::analytics::{Event, EventKind, HOUR_MS, LogRecord, MINUTE_MS};
use vendzz_schemas::events::Utm;

/// 2026-03-31T22:00:00Z: two hours before a month ends.
pub(crate) const START_MS: i64 = 1_774_994_400_000;

/// What distinguishes one record of a generated log from the next.
#[derive(Debug, Clone)]
pub(crate) struct Seed {
    pub(crate) quiz: u8,
    /// Responses with the same number are resends.
    pub(crate) response: u8,
    /// Of the append time; clocks may go back a little.
    pub(crate) step_ms: i64,
    /// How long before its append the event happened.
    pub(crate) age_ms: i64,
    pub(crate) bot: bool,
    pub(crate) device: u8,
    pub(crate) campaign: u8,
    pub(crate) dead: bool,
}

pub(crate) fn seeds(most: usize) -> impl Strategy<Value = Vec<Seed>> {
    let step = prop_oneof![8 => -2_000..6_000_i64, 1 => 60_000..120_000_i64];
    let age = prop_oneof![6 => 0..3_000_i64, 2 => 0..(3 * MINUTE_MS), 1 => 0..(3 * HOUR_MS)];
    let seed = (
        0..3_u8,
        0..14_u8,
        step,
        age,
        prop::bool::weighted(0.1),
        0..4_u8,
        0..90_u8,
        prop::bool::weighted(0.04),
    )
        .prop_map(|(quiz, response, step_ms, age_ms, bot, device, campaign, dead)| Seed {
            quiz,
            response,
            step_ms,
            age_ms,
            bot,
            device,
            campaign,
            dead,
        });
    prop::collection::vec(seed, 1..most)
}

/// One quiz and one hour that meets far more values than a breakdown keeps.
pub(crate) fn crowded_seeds(most: usize) -> impl Strategy<Value = Vec<Seed>> {
    prop::collection::vec((0..14_u8, any::<u8>()), most / 2..most).prop_map(|pairs| {
        let seed = |(response, campaign)| Seed {
            quiz: 0,
            response,
            step_ms: 10,
            age_ms: 0,
            bot: false,
            device: 1,
            campaign,
            dead: false,
        };
        pairs.into_iter().map(seed).collect()
    })
}

/// The records of a partition of views, or of submissions.
pub(crate) fn log(seeds: &[Seed], views: bool) -> Vec<LogRecord> {
    let mut append_ms = START_MS;
    let mut records = Vec::new();
    for (offset, seed) in seeds.iter().enumerate() {
        append_ms += seed.step_ms;
        if seed.dead {
            records.push(LogRecord::SetAside { append_ms });
            continue;
        }
        let kind = match views {
            true => EventKind::View { bot: seed.bot },
            false => {
                EventKind::Submission { bot: seed.bot, response_id: Uuid::from_bytes([seed.response; 16]) }
            }
        };
        records.push(LogRecord::Event(Event {
            offset: offset as i64,
            append_ms,
            at_ms: append_ms - seed.age_ms,
            time_replaced: false,
            quiz_id: format!("quiz-{}", seed.quiz),
            kind,
            device: ["mobile", "tablet", "desktop", ""][usize::from(seed.device)].to_owned(),
            country: "BR".to_owned(),
            utm: Utm { campaign: format!("campaign {}", seed.campaign), ..Utm::default() },
        }));
    }
    records
}

pub(crate) fn append_ms(record: &LogRecord) -> i64 {
    match record {
        LogRecord::Event(event) => event.append_ms,
        LogRecord::SetAside { append_ms } => *append_ms,
    }
}
