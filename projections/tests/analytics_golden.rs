//! What one fixed log folds to. When this output changes, every row ever written would have been
//! another: raise `FOLD_VERSION`, make tables of that version and rebuild; then, and only then,
//! accept the new snapshot.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use vendzz_projections::analytics::{Event, FOLD_VERSION, FunnelTotals, LogRecord, SourceFold, StepTotals};
use vendzz_runtime::dedupe::DedupeWindow;
use vendzz_runtime::kernel::ResumePoint;
use vendzz_schemas::contract::Violation;
use vendzz_schemas::events::{AnswerValue, ElementSeen, QuizProgressed, QuizSubmitted, QuizViewed, Utm};
use vendzz_schemas::ids::TimedId;

/// 2026-12-31T23:50:00Z: the log crosses a year, a month, a day and an hour.
const START_MS: i64 = 1_798_761_000_000;
const RECORDS: i64 = 600;

/// A fixed sequence of numbers (the constants of Knuth's MMIX).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn one_of(&mut self, words: &[&str]) -> String {
        words[self.below(words.len() as u64) as usize].to_owned()
    }
}

struct Common {
    append_ms: i64,
    received_at: i64,
    quiz_id: String,
    device: String,
    country: String,
    utm: Utm,
    bot_verdict: String,
}

fn common(numbers: &mut Numbers, offset: i64) -> Common {
    let append_ms = START_MS + offset * 2_000 + numbers.below(1_500) as i64;
    let age_ms = match numbers.below(40) {
        0 => 49 * 3_600_000,
        1 => -6 * 60_000,
        2 => 3_600_000,
        _ => numbers.below(400) as i64,
    };
    let long_campaign = format!("campanha-{}", "ã".repeat(100));
    let campaign = match numbers.below(20) {
        0 => long_campaign,
        _ => format!("campanha {}", numbers.below(70)),
    };
    Common {
        append_ms,
        received_at: append_ms - age_ms,
        quiz_id: match numbers.below(40) {
            0 => "Nome Inválido".to_owned(),
            _ => numbers.one_of(&["emagrecimento", "emagrecimento", "emprestimo"]),
        },
        device: numbers.one_of(&["mobile", "mobile", "desktop", "tablet", "unknown"]),
        country: numbers.one_of(&["BR", "BR", "PT", ""]),
        utm: Utm {
            source: numbers.one_of(&["google", "meta", ""]),
            medium: numbers.one_of(&["cpc", ""]),
            campaign,
            ..Utm::default()
        },
        bot_verdict: numbers.one_of(&["human", "human", "human", "suspect", "bot"]),
    }
}

fn view(numbers: &mut Numbers, offset: i64) -> (i64, Result<Event, Violation>) {
    let Common { append_ms, received_at, quiz_id, device, country, utm, bot_verdict } =
        common(numbers, offset);
    let view = QuizViewed {
        account_id: "conta".to_owned(),
        quiz_id,
        visitor_id: TimedId::mint_at(1, &[1; 10]).to_string(),
        version: None,
        received_at,
        device,
        country,
        referrer: String::new(),
        utm,
        bot_verdict,
        address_hash: String::new(),
    };
    (append_ms, Event::of_view(offset, append_ms, view))
}

fn submission(numbers: &mut Numbers, offset: i64) -> (i64, Result<Event, Violation>) {
    let (append_ms, submission) = submitted(numbers, offset);
    (append_ms, Event::of_submission(offset, append_ms, submission))
}

/// Of a client that tells its way.
fn telling_submission(numbers: &mut Numbers, offset: i64) -> (i64, Result<Event, Violation>) {
    let (append_ms, mut submission) = submitted(numbers, offset);
    (submission.elements, submission.reported) = way(numbers);
    (append_ms, Event::of_submission(offset, append_ms, submission))
}

fn submitted(numbers: &mut Numbers, offset: i64) -> (i64, QuizSubmitted) {
    let Common { append_ms, received_at, quiz_id, device, country, utm, bot_verdict } =
        common(numbers, offset);
    let response = TimedId::mint_at(1, &[numbers.below(120) as u8; 10]).to_string();
    let answer = match numbers.below(30) {
        0 => AnswerValue::Double(f64::NAN),
        1 => AnswerValue::Text("a\0b".to_owned()),
        _ => AnswerValue::Text("sim".to_owned()),
    };
    let submission = QuizSubmitted {
        account_id: "conta".to_owned(),
        quiz_id,
        response_id: if numbers.below(30) == 0 { "outra coisa".to_owned() } else { response },
        visitor_id: None,
        version: 7,
        received_at,
        started_at: None,
        submitted_at: None,
        answers: BTreeMap::from([("q1".to_owned(), answer)]),
        hidden: BTreeMap::new(),
        utm,
        referrer: String::new(),
        device,
        country,
        bot_verdict,
        bot_reasons: Vec::new(),
        address_hash: String::new(),
        tags: Vec::new(),
        elements: vec![],
        reported: 0,
    };
    (append_ms, submission)
}

fn beacon(numbers: &mut Numbers, offset: i64) -> (i64, Result<Event, Violation>) {
    let (append_ms, submission) = submitted(numbers, offset);
    let (elements, reported) = way(numbers);
    let progress = QuizProgressed {
        account_id: submission.account_id,
        quiz_id: submission.quiz_id,
        response_id: submission.response_id,
        visitor_id: None,
        version: submission.version,
        sequence: if numbers.below(30) == 0 { 0 } else { 1 + numbers.below(3) as i32 },
        received_at: submission.received_at,
        started_at: None,
        elements,
        reported,
        answers: submission.answers,
        hidden: BTreeMap::new(),
        utm: submission.utm,
        referrer: String::new(),
        device: submission.device,
        country: submission.country,
        bot_verdict: submission.bot_verdict,
        address_hash: String::new(),
        tags: Vec::new(),
    };
    (append_ms, Event::of_progress(offset, append_ms, progress))
}

/// A way of up to 30 of 500 elements, more than a row keeps, now and then one that no contract allows.
fn way(numbers: &mut Numbers) -> (Vec<ElementSeen>, i32) {
    let first = numbers.below(500);
    let length = numbers.below(31);
    let elements = (first..first + length).map(|number| ElementSeen {
        element_id: format!("e{}", number % 500),
        millis: numbers.below(60_000) as i64 - i64::from(numbers.below(500) == 0) * 60_000,
    });
    let elements: Vec<ElementSeen> = elements.collect();
    let reported = numbers.below(length + 2) as i32 - i32::from(numbers.below(50) == 0);
    (elements, reported)
}

/// Append time of the record at an offset, and what it decodes to.
type Make = fn(&mut Numbers, i64) -> (i64, Result<Event, Violation>);

fn fold(window: Option<Duration>, make: Make) -> String {
    let mut numbers = Numbers(20_261_122);
    let mut text = String::new();
    let mut log = Vec::new();
    for offset in 0..RECORDS {
        match make(&mut numbers, offset) {
            (_, Ok(event)) => log.push(LogRecord::Event(event)),
            (append_ms, Err(violation)) => {
                let _ = writeln!(text, "offset {offset}: {} ({violation})", violation.reason);
                log.push(LogRecord::SetAside { append_ms });
            }
        }
    }
    let mut fold = SourceFold::new(None, window.map(|window| DedupeWindow::new(window, "incarnation")));
    let missing = fold.missing(&log);
    for key in missing.hours {
        fold.put_hour(key, None);
    }
    for key in missing.minutes {
        fold.put_minute(key, None);
    }
    for key in missing.funnels {
        fold.put_funnel(key, None);
    }
    let outcome = fold.apply(&log, ResumePoint { offset: RECORDS - 1, max_append_ms: 0, hash: 0 });
    let _ = writeln!(text, "{outcome:?}");
    let hours: BTreeMap<_, _> = fold.dirty_hours().collect();
    for (key, totals) in hours {
        let _ = writeln!(text, "hour {} {}: {totals:?}", key.quiz_id, key.start_ms);
    }
    let minutes: BTreeMap<_, _> = fold.dirty_minutes().collect();
    for (key, totals) in minutes {
        let _ = writeln!(text, "minute {} {}: {totals:?}", key.quiz_id, key.start_ms);
    }
    let funnels: BTreeMap<_, _> = fold.dirty_funnels().collect();
    for (key, totals) in funnels {
        let FunnelTotals { last_offset, steps, other } = totals;
        let told: Vec<String> = steps
            .iter()
            .map(|(element, StepTotals { reached, left, millis })| {
                format!("{element} {reached} {left} {millis}")
            })
            .collect();
        let (key, told) = (format!("{} {}", key.quiz_id, key.start_ms), told.join(", "));
        let _ = writeln!(text, "funnel {key}: last_offset {last_offset}, {other:?}, {told}");
    }
    text
}

#[test]
fn the_output_of_this_version_never_changes() {
    let views = fold(None, view);
    let submissions = fold(Some(Duration::from_secs(5 * 60)), submission);
    let window = Some(Duration::from_secs(5 * 60));
    let telling = fold(window, telling_submission);
    let beacons = fold(window, beacon);
    let text = format!(
        "VIEWS\n{views}\nSUBMISSIONS\n{submissions}\nSUBMISSIONS THAT TELL THEIR WAY\n{telling}\nBEACONS\n{beacons}"
    );
    insta::with_settings!({snapshot_path => "analytics_golden", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!(format!("fold_v{FOLD_VERSION}"), text);
    });
}
