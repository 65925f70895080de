//! Encode and decode of a submission with 12 answers: our codec, the same Avro through `Value`
//! (what generic tools do), and `serde_json`. `make bench`, or `cargo bench -p vendzz-schemas`.

use std::collections::BTreeMap;
use std::hint::black_box;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use vendzz_schemas::codec::{Decoder, Encoder, split_frame};
use vendzz_schemas::events::{AnswerValue, AvroEvent, QuizSubmitted, Utm};

const SCHEMA_ID: u32 = 7;

/// A weight-loss funnel's submission, one answer of each kind of value and more.
fn submission() -> QuizSubmitted {
    let text = |text: &str| AnswerValue::Text(text.to_owned());
    let address = [
        ("cep", "01310-100"),
        ("rua", "Avenida Paulista"),
        ("numero", "1578"),
        ("cidade", "São Paulo"),
        ("uf", "SP"),
    ];
    let answers = [
        ("nome", text("Maria das Dores")),
        ("email", text("maria.dores@exemplo.com.br")),
        ("telefone", text("+5511987654321")),
        ("objetivo", text("perder-peso")),
        ("idade", AnswerValue::Long(41)),
        ("altura", AnswerValue::Double(1.68)),
        ("peso", AnswerValue::Double(82.5)),
        ("fuma", AnswerValue::Bool(false)),
        ("refeicoes", AnswerValue::List(vec!["cafe".into(), "almoco".into(), "jantar".into()])),
        (
            "endereco",
            AnswerValue::Map(address.map(|(name, value)| (name.to_owned(), value.to_owned())).into()),
        ),
        ("satisfacao", AnswerValue::Long(8)),
        ("aceite", AnswerValue::Bool(true)),
    ];
    QuizSubmitted {
        account_id: "conta-42".into(),
        quiz_id: "emagrecimento-30d".into(),
        response_id: "01890a5d-ac96-774b-8567-0e02b2c3d479".into(),
        visitor_id: Some("01890a5d-ac96-774b-8567-0e02b2c3d470".into()),
        version: 17,
        received_at: 1_767_225_600_123,
        started_at: Some(1_767_225_480_000),
        submitted_at: Some(1_767_225_600_000),
        answers: answers.map(|(id, value)| (id.to_owned(), value)).into(),
        hidden: BTreeMap::from([("origem".into(), "anuncio-7".into())]),
        utm: Utm {
            source: "instagram".into(),
            medium: "cpc".into(),
            campaign: "janeiro".into(),
            ..Utm::default()
        },
        referrer: "https://exemplo.com.br/promo".into(),
        device: "mobile".into(),
        country: "BR".into(),
        bot_verdict: "human".into(),
        bot_reasons: vec![],
        address_hash: "9f86d081884c7d659a2feaa0c55ad015".into(),
        tags: vec![],
        elements: vec![],
        reported: 0,
    }
}

fn encode(criterion: &mut Criterion) {
    let event = submission();
    let codec = Encoder::<QuizSubmitted>::new(SCHEMA_ID).expect("our own schema");
    let schema = Schema::parse_str(QuizSubmitted::SCHEMA).expect("our own schema");
    let through_value = GenericDatumWriter::builder(&schema).build().expect("our own schema");
    let avro = codec.encode(&event).expect("our own event");
    let json = serde_json::to_vec(&event).expect("our own event");
    println!(
        "a submission with {} answers: {} bytes framed Avro, {} bytes JSON",
        event.answers.len(),
        avro.len(),
        json.len()
    );
    let mut group = criterion.benchmark_group("encode a 12-answer submission");
    group.throughput(Throughput::Elements(1));
    group.bench_function("codec", |bencher| bencher.iter(|| codec.encode(black_box(&event))));
    group.bench_function("serde_json", |bencher| bencher.iter(|| serde_json::to_vec(black_box(&event))));
    group.bench_function("avro through Value", |bencher| {
        bencher.iter(|| {
            let value = apache_avro::to_value(black_box(&event))
                .and_then(|value| value.resolve(&schema))
                .expect("our own event");
            through_value.write_value_to_vec(value)
        });
    });
    group.finish();
}

fn decode(criterion: &mut Criterion) {
    let event = submission();
    let framed = Encoder::<QuizSubmitted>::new(SCHEMA_ID)
        .expect("our own schema")
        .encode(&event)
        .expect("our own event");
    let json = serde_json::to_vec(&event).expect("our own event");
    let mut codec = Decoder::<QuizSubmitted>::default();
    codec.learn(SCHEMA_ID, QuizSubmitted::SCHEMA).expect("our own schema");
    let schema = Schema::parse_str(QuizSubmitted::SCHEMA).expect("our own schema");
    let through_value = GenericDatumReader::builder(&schema).build().expect("our own schema");
    let mut group = criterion.benchmark_group("decode a 12-answer submission");
    group.throughput(Throughput::Elements(1));
    group.bench_function("codec", |bencher| bencher.iter(|| codec.decode(black_box(&framed))));
    group.bench_function("serde_json", |bencher| {
        bencher.iter(|| serde_json::from_slice::<QuizSubmitted>(black_box(&json)))
    });
    group.bench_function("avro through Value", |bencher| {
        bencher.iter(|| {
            let (_, mut body) = split_frame(black_box(&framed)).expect("our own frame");
            let value = through_value.read_value(&mut body).expect("our own record");
            apache_avro::from_value::<QuizSubmitted>(&value)
        });
    });
    group.finish();
}

criterion_group!(benches, encode, decode);
criterion_main!(benches);
