//! What the analytics fold costs a record, without store and broker: events already decoded, and
//! from the bytes of the log on.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use vendzz_projections::analytics::{Event, LogRecord, SourceFold};
use vendzz_runtime::dedupe::DedupeWindow;
use vendzz_runtime::kernel::ResumePoint;
use vendzz_schemas::codec::{Decoder, Encoder};
use vendzz_schemas::events::{AnswerValue, AvroEvent, QuizSubmitted, QuizViewed, Utm};
use vendzz_schemas::ids::TimedId;

const RECORDS: i64 = 10_000;
const START_MS: i64 = 1_798_761_000_000;
const WINDOW: Duration = Duration::from_secs(15 * 60);

fn utm(number: i64) -> Utm {
    Utm {
        source: ["google", "meta", "tiktok", ""][(number % 4) as usize].to_owned(),
        medium: ["cpc", "social", ""][(number % 3) as usize].to_owned(),
        campaign: format!("campanha de janeiro {}", number % 20),
        ..Utm::default()
    }
}

fn view(offset: i64) -> QuizViewed {
    QuizViewed {
        account_id: "conta-7".to_owned(),
        quiz_id: format!("emagrecimento-{}", offset % 3),
        visitor_id: TimedId::mint_at(START_MS.cast_unsigned(), &[offset as u8; 10]).to_string(),
        version: Some(12),
        received_at: START_MS + offset * 2,
        device: "mobile".to_owned(),
        country: "BR".to_owned(),
        referrer: "https://www.instagram.com/".to_owned(),
        utm: utm(offset),
        bot_verdict: "human".to_owned(),
        address_hash: "5f2b9c0d7e1a4638".to_owned(),
    }
}

fn submission(offset: i64) -> QuizSubmitted {
    let mut random = [0; 10];
    random[..8].copy_from_slice(&offset.to_be_bytes());
    let answers: BTreeMap<String, AnswerValue> = (0..12)
        .map(|element| {
            let value = match element % 3 {
                0 => AnswerValue::Text("quero emagrecer dez quilos até o verão".to_owned()),
                1 => AnswerValue::Long(72),
                _ => AnswerValue::List(vec!["a".to_owned(), "c".to_owned()]),
            };
            (format!("elemento-{element}"), value)
        })
        .collect();
    QuizSubmitted {
        account_id: "conta-7".to_owned(),
        quiz_id: format!("emagrecimento-{}", offset % 3),
        response_id: TimedId::mint_at(START_MS.cast_unsigned(), &random).to_string(),
        visitor_id: None,
        version: 12,
        received_at: START_MS + offset * 2,
        started_at: Some(START_MS),
        submitted_at: Some(START_MS),
        answers,
        hidden: BTreeMap::new(),
        utm: utm(offset),
        referrer: "https://www.instagram.com/".to_owned(),
        device: "mobile".to_owned(),
        country: "BR".to_owned(),
        bot_verdict: "human".to_owned(),
        bot_reasons: Vec::new(),
        address_hash: "5f2b9c0d7e1a4638".to_owned(),
        tags: Vec::new(),
        elements: vec![],
        reported: 0,
    }
}

fn append_ms(offset: i64) -> i64 {
    START_MS + offset * 2 + 3
}

fn view_record(offset: i64, view: QuizViewed) -> LogRecord {
    LogRecord::Event(Event::of_view(offset, append_ms(offset), view).expect("a good view"))
}

fn submission_record(offset: i64, submission: QuizSubmitted) -> LogRecord {
    LogRecord::Event(Event::of_submission(offset, append_ms(offset), submission).expect("a good submission"))
}

/// Batches of 1,000, as the kernel hands them over.
fn fold(mut fold: SourceFold, log: &[LogRecord]) -> SourceFold {
    for (number, batch) in log.chunks(1_000).enumerate() {
        let missing = fold.missing(batch);
        for key in missing.hours {
            fold.put_hour(key, None);
        }
        for key in missing.minutes {
            fold.put_minute(key, None);
        }
        let offset = (number as i64 + 1) * 1_000 - 1;
        fold.apply(batch, ResumePoint { offset, max_append_ms: append_ms(offset), hash: 0 });
    }
    fold
}

fn framed<E: AvroEvent>(make: fn(i64) -> E) -> (Vec<Vec<u8>>, Decoder<E>) {
    let encoder = Encoder::new(1).expect("our own schema");
    let mut decoder = Decoder::default();
    decoder.learn(1, E::SCHEMA).expect("our own schema");
    ((0..RECORDS).map(|offset| encoder.encode(&make(offset)).expect("encodable")).collect(), decoder)
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("analytics fold");
    group.throughput(Throughput::Elements(RECORDS as u64)).sample_size(20);
    let views = || SourceFold::new(None, None);
    let submissions = || SourceFold::new(None, Some(DedupeWindow::new(WINDOW, "incarnation")));

    let log: Vec<LogRecord> = (0..RECORDS).map(|offset| view_record(offset, view(offset))).collect();
    group.bench_function("views, decoded", |bencher| {
        bencher.iter_batched(views, |empty| fold(empty, black_box(&log)), BatchSize::LargeInput);
    });
    let log: Vec<LogRecord> =
        (0..RECORDS).map(|offset| submission_record(offset, submission(offset))).collect();
    group.bench_function("submissions, decoded", |bencher| {
        bencher.iter_batched(submissions, |empty| fold(empty, black_box(&log)), BatchSize::LargeInput);
    });

    let (bytes, decoder) = framed(view);
    group.bench_function("views, from bytes", |bencher| {
        let decode =
            |offset: usize| view_record(offset as i64, decoder.decode(&bytes[offset]).expect("decodable"));
        let run = |empty| fold(empty, &(0..bytes.len()).map(decode).collect::<Vec<_>>());
        bencher.iter_batched(views, run, BatchSize::LargeInput);
    });
    let (bytes, decoder) = framed(submission);
    group.bench_function("submissions, from bytes", |bencher| {
        let decode = |offset: usize| {
            submission_record(offset as i64, decoder.decode(&bytes[offset]).expect("decodable"))
        };
        let run = |empty| fold(empty, &(0..bytes.len()).map(decode).collect::<Vec<_>>());
        bencher.iter_batched(submissions, run, BatchSize::LargeInput);
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
