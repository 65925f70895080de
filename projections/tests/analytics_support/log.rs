use proptest::prelude::*;
use uuid::Uuid;
use vendzz_projections::analytics::{Event, EventKind, HOUR_MS, LogRecord, MINUTE_MS};
use vendzz_schemas::events::{ElementSeen, Utm};

/// 2026-03-31T22:00:00Z: two hours before a month ends.
pub(crate) const START_MS: i64 = 1_774_994_400_000;

/// What stands in the partition that a log is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    Views,
    Progress,
    Submissions,
}

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
    pub(crate) sequence: u8,
    pub(crate) way: Way,
}

/// The way that a beacon or a submission tells.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    pub(crate) first: u16,
    pub(crate) millis: Vec<i64>,
    /// Cut to the way's length.
    pub(crate) reported: usize,
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
        1..4_u8,
        ways(8, 7),
    )
        .prop_map(|(quiz, response, step_ms, age_ms, bot, device, campaign, dead, sequence, way)| Seed {
            quiz,
            response,
            step_ms,
            age_ms,
            bot,
            device,
            campaign,
            dead,
            sequence,
            way,
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
            sequence: 1,
            way: Way { first: 0, millis: Vec::new(), reported: 0 },
        };
        pairs.into_iter().map(seed).collect()
    })
}

/// One quiz and one hour that meets more elements than a funnel keeps.
pub(crate) fn crowded_ways(most: usize) -> impl Strategy<Value = Vec<Seed>> {
    let seed = (any::<u8>(), 1..4_u8, ways(600, 60));
    prop::collection::vec(seed, most / 2..most).prop_map(|seeds| {
        let seed = |(response, sequence, way)| Seed {
            quiz: 0,
            response,
            step_ms: 10,
            age_ms: 0,
            bot: false,
            device: 1,
            campaign: 1,
            dead: false,
            sequence,
            way,
        };
        seeds.into_iter().map(seed).collect()
    })
}

fn ways(elements: u16, longest: usize) -> impl Strategy<Value = Way> {
    let millis = prop_oneof![60 => 0..90_000_i64, 1 => Just(i64::MAX)];
    (0..elements, prop::collection::vec(millis, 0..longest), 0..longest)
        .prop_map(|(first, millis, reported)| Way { first, reported: reported.min(millis.len()), millis })
}

/// The records of a partition of that topic.
pub(crate) fn log(seeds: &[Seed], topic: Topic) -> Vec<LogRecord> {
    let mut append_ms = START_MS;
    let mut records = Vec::new();
    for (offset, seed) in seeds.iter().enumerate() {
        append_ms += seed.step_ms;
        if seed.dead {
            records.push(LogRecord::SetAside { append_ms });
            continue;
        }
        let (bot, response_id) = (seed.bot, Uuid::from_bytes([seed.response; 16]));
        let kind = match topic {
            Topic::Views => EventKind::View { bot },
            Topic::Progress => EventKind::Progress { bot, response_id, sequence: i32::from(seed.sequence) },
            Topic::Submissions => EventKind::Submission { bot, response_id },
        };
        let way = match topic {
            Topic::Views => Way { first: 0, millis: Vec::new(), reported: 0 },
            Topic::Progress | Topic::Submissions => seed.way.clone(),
        };
        let elements = way.millis.iter().enumerate().map(|(place, millis)| ElementSeen {
            element_id: format!("e{}", usize::from(way.first) + place),
            millis: *millis,
        });
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
            elements: elements.collect(),
            reported: way.reported,
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
