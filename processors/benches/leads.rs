//! What it costs to find the contacts of a response: one with typed contacts, one with everything in free text,
//! one with texts that hold nothing. The target is 1,700 responses a second on a fraction of a core.

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use vendzz_processors::leads::{LeadElements, detect};
use vendzz_schemas::definition::QuizDocument;
use vendzz_schemas::events::AnswerValue;

fn quiz(elements: Value) -> QuizDocument {
    let document = json!({
        "accountId": "account", "title": "Quiz", "language": "pt-BR", "timeZone": "America/Sao_Paulo", "elements": elements,
    });
    serde_json::from_value(document).expect("a quiz document")
}

fn answers(value: Value) -> BTreeMap<String, AnswerValue> {
    serde_json::from_value(value).expect("answers")
}

fn leads(criterion: &mut Criterion) {
    let typed = quiz(json!([
        {"id": "name", "type": "name", "label": "Nome"}, {"id": "mail", "type": "email", "label": "E-mail"},
        {"id": "call", "type": "phone", "label": "WhatsApp"}, {"id": "goal", "type": "long_text", "label": "Seu objetivo"},
    ]));
    let given = answers(json!({
        "name": "Ana Souza", "mail": "ana@exemplo.com", "call": "+5511987654321", "goal": "quero mudar minha rotina",
    }));
    let elements = LeadElements::new(&typed, &[]);
    criterion.bench_function("typed", |bench| bench.iter(|| detect(black_box(&elements), black_box(&given))));

    let texts: Vec<Value> = (0..20)
        .map(|index| json!({"id": format!("q{index}"), "type": "long_text", "label": "Algo mais?"}))
        .collect();
    let free = quiz(Value::Array(texts));
    let elements = LeadElements::new(&free, &[]);
    let in_sentences: BTreeMap<String, AnswerValue> = (0..20)
        .map(|index| {
            let text =
                "Oi, me chamo Ana Paula, me liga no 11 98765-4321 ou escreve pra ana@exemplo.com, por favor.";
            (format!("q{index}"), AnswerValue::Text(text.to_owned()))
        })
        .collect();
    criterion.bench_function("twenty texts with contacts", |bench| {
        bench.iter(|| detect(black_box(&elements), black_box(&in_sentences)));
    });
    let nothing: BTreeMap<String, AnswerValue> = (0..20)
        .map(|index| {
            let text = "ainda não consegui mudar minha rotina por falta de tempo, trabalho das 8 às 18";
            (format!("q{index}"), AnswerValue::Text(text.to_owned()))
        })
        .collect();
    criterion.bench_function("twenty texts with nothing", |bench| {
        bench.iter(|| detect(black_box(&elements), black_box(&nothing)));
    });
    criterion.bench_function("labels read", |bench| bench.iter(|| LeadElements::new(black_box(&typed), &[])));
}

criterion_group!(benches, leads);
criterion_main!(benches);
