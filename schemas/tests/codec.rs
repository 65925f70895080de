//! The Rust types and the `.avsc` files agree, and records of older and newer versions are read.

#![allow(clippy::unwrap_used)] // A test says by a panic what went wrong.

use std::collections::{BTreeMap, HashMap};

use apache_avro::types::Value as Avro;
use serde_json::{Value, json};
use vendzz_schemas::codec::{CodecError, Decoder, Encoder, split_frame};
use vendzz_schemas::events::{
    AnswerValue, AvroEvent, CampaignDefinition, CampaignMessage, ElementSeen, Epoch, FrequencyCap,
    LeadDetected, LeadName, ProviderTemplate, QuietHours, QuizAbandoned, QuizDefinition, QuizProgressed,
    QuizSubmitted, QuizViewed, RetiredElement, TopicEpochs, Utm,
};
use vendzz_schemas::topics::{CATALOGUE, Encoding};

fn submitted() -> QuizSubmitted {
    QuizSubmitted {
        account_id: "conta".into(),
        quiz_id: "emagrecimento".into(),
        response_id: "01890a5d-ac96-774b-8567-0e02b2c3d479".into(),
        visitor_id: Some("01890a5d-ac96-774b-8567-0e02b2c3d470".into()),
        version: 7,
        received_at: 1_767_225_600_123,
        started_at: None,
        submitted_at: Some(1_767_225_600_000),
        answers: BTreeMap::from([
            ("aceite".to_owned(), AnswerValue::Bool(true)),
            ("idade".to_owned(), AnswerValue::Long(-41)),
            ("peso".to_owned(), AnswerValue::Double(82.5)),
            ("nome".to_owned(), AnswerValue::Text("João 🏃".into())),
            ("metas".to_owned(), AnswerValue::List(vec!["a".into(), "b".into()])),
            ("vazia".to_owned(), AnswerValue::List(vec![])),
            ("endereco".to_owned(), AnswerValue::Map(BTreeMap::from([("cep".into(), "01310-100".into())]))),
        ]),
        hidden: BTreeMap::from([("origem".into(), "anuncio".into())]),
        utm: Utm { source: "instagram".into(), ..Utm::default() },
        referrer: "https://exemplo.com.br/pagina".into(),
        device: "mobile".into(),
        country: "BR".into(),
        bot_verdict: "human".into(),
        bot_reasons: vec![],
        address_hash: "00ff".into(),
        tags: vec![QuizSubmitted::TAG_STALE_DEFINITION.into()],
        elements: vec![ElementSeen { element_id: "idade".into(), millis: 1_500 }],
        reported: 1,
    }
}

fn progressed() -> QuizProgressed {
    let submitted = submitted();
    QuizProgressed {
        account_id: submitted.account_id,
        quiz_id: submitted.quiz_id,
        response_id: submitted.response_id,
        visitor_id: None,
        version: 7,
        sequence: 2,
        received_at: 1_767_225_600_123,
        started_at: Some(1_767_225_600_000),
        elements: submitted.elements,
        reported: 1,
        answers: submitted.answers,
        hidden: submitted.hidden,
        utm: submitted.utm,
        referrer: String::new(),
        device: "mobile".into(),
        country: "BR".into(),
        bot_verdict: "human".into(),
        address_hash: "00ff".into(),
        tags: vec![],
    }
}

fn abandoned() -> QuizAbandoned {
    let progressed = progressed();
    QuizAbandoned {
        account_id: progressed.account_id,
        quiz_id: progressed.quiz_id,
        response_id: progressed.response_id,
        visitor_id: progressed.visitor_id,
        version: 7,
        last_seen_at: 1_767_225_600_123,
        abandoned_at: 1_767_227_400_123,
        last_element: "idade".into(),
        elements_seen: 1,
        answers: progressed.answers,
        hidden: progressed.hidden,
        utm: progressed.utm,
        referrer: progressed.referrer,
        device: progressed.device,
        country: progressed.country,
        bot_verdict: progressed.bot_verdict,
        tags: vec![],
    }
}

fn lead() -> LeadDetected {
    LeadDetected {
        account_id: "conta".into(),
        lead_id: "f3a1b2c4-0000-8000-8000-000000000001".into(),
        quiz_id: "emagrecimento".into(),
        response_id: "01890a5d-ac96-774b-8567-0e02b2c3d479".into(),
        field: "email".into(),
        value: "joao@exemplo.com.br".into(),
        confidence: 0.99,
        element_id: "contato".into(),
        evidence: "typed_element".into(),
        name: Some(LeadName {
            value: "João".into(),
            confidence: 0.9,
            element_id: "nome".into(),
            evidence: "label".into(),
        }),
        trigger: "completed".into(),
        seen_at: 1_767_225_600_123,
    }
}

fn message() -> CampaignMessage {
    CampaignMessage {
        message_id: "01890a5d-ac96-8000-8000-000000000001".into(),
        account_id: "conta".into(),
        quiz_id: "emagrecimento".into(),
        response_id: "01890a5d-ac96-774b-8567-0e02b2c3d479".into(),
        campaign_id: "boas-vindas".into(),
        revision: "01890a5d-ac96-774b-8567-0e02b2c3d400".into(),
        step_id: "s1".into(),
        channel: "whatsapp".into(),
        trigger: "completed".into(),
        recipient: "+5511987654321".into(),
        recipient_name: "João".into(),
        language: "pt-BR".into(),
        subject: String::new(),
        body: String::new(),
        html: String::new(),
        provider_template: Some(ProviderTemplate {
            name: "resultado".into(),
            language: "pt_BR".into(),
            parameters: vec!["João".into()],
        }),
        due_at: 1_767_225_600_123,
        max_late_ms: 21_600_000,
        quiet_hours: Some(QuietHours { from_minute: 1_260, to_minute: 480 }),
        frequency_cap: Some(FrequencyCap { messages: 3, period_ms: 86_400_000 }),
        sender_pool: "principal".into(),
        unless_finished: false,
        unless_sent: Some("01890a5d-ac96-8000-8000-000000000002".into()),
        made_from_at: 1_767_225_600_200,
    }
}

fn viewed() -> QuizViewed {
    QuizViewed {
        account_id: "conta".into(),
        quiz_id: "emagrecimento".into(),
        visitor_id: "01890a5d-ac96-774b-8567-0e02b2c3d470".into(),
        version: Some(7),
        received_at: 1,
        device: "desktop".into(),
        country: String::new(),
        referrer: String::new(),
        utm: Utm::default(),
        bot_verdict: "human".into(),
        address_hash: String::new(),
    }
}

fn decoder<E: AvroEvent>(schema: &str) -> Decoder<E> {
    let mut decoder = Decoder::default();
    decoder.learn(9, schema).unwrap();
    decoder
}

fn round_trip<E: AvroEvent + PartialEq + std::fmt::Debug>(event: E) {
    let framed = Encoder::<E>::new(9).unwrap().encode(&event).unwrap();
    assert_eq!(decoder::<E>(E::SCHEMA).decode(&framed).unwrap(), event);
    // An independent reader: through `Value`, as any Avro library would.
    let schema = apache_avro::Schema::parse_str(E::SCHEMA).unwrap();
    let (_, mut body) = split_frame(&framed).unwrap();
    let value = apache_avro::reader::datum::GenericDatumReader::builder(&schema)
        .build()
        .unwrap()
        .read_value(&mut body)
        .unwrap();
    assert!(value.validate(&schema));
    assert_eq!(apache_avro::from_value::<E>(&value).unwrap(), event);
}

#[test]
fn every_event_type_agrees_with_its_schema() {
    round_trip(submitted());
    round_trip(viewed());
    round_trip(progressed());
    round_trip(abandoned());
    round_trip(lead());
    round_trip(message());
    round_trip(CampaignDefinition {
        account_id: "conta".into(),
        campaign_id: "boas-vindas".into(),
        revision: "01890a5d-ac96-774b-8567-0e02b2c3d400".into(),
        quiz_id: "q".into(),
        state: "active".into(),
        changed_at: 5,
        document: "{}".into(),
    });
    round_trip(QuizDefinition {
        account_id: "conta".into(),
        quiz_id: "q".into(),
        state: "published".into(),
        changed_at: 5,
        document: "{}".into(),
        retired: vec![RetiredElement {
            element_id: "e".into(),
            element_type: "email".into(),
            choices: vec!["x".into()],
        }],
    });
    round_trip(TopicEpochs {
        topic: "quiz.view.v1".into(),
        incarnation: "x".into(),
        epochs: vec![Epoch { number: 0, begins_at: 0, partitions: 6, salt: 2 }],
    });
}

#[test]
fn every_field_has_a_doc() {
    fn walk(node: &Value, path: &str, missing: &mut Vec<String>) {
        match node {
            Value::Object(object) => {
                for field in object.get("fields").and_then(Value::as_array).into_iter().flatten() {
                    let path = format!("{path}.{}", field["name"].as_str().unwrap());
                    if field.get("doc").and_then(Value::as_str).is_none_or(str::is_empty) {
                        missing.push(path.clone());
                    }
                    walk(&field["type"], &path, missing);
                }
                walk(object.get("items").unwrap_or(&Value::Null), path, missing);
            }
            Value::Array(branches) => branches.iter().for_each(|branch| walk(branch, path, missing)),
            _ => {}
        }
    }
    let mut missing = Vec::new();
    let records = CATALOGUE.iter().filter_map(|topic| match topic.encoding {
        Encoding::Avro(records) => Some(records),
        Encoding::Json | Encoding::Original => None,
    });
    for record in records.flatten() {
        let schema: Value = serde_json::from_str(record.schema).unwrap();
        walk(&schema, schema["name"].as_str().unwrap(), &mut missing);
    }
    assert_eq!(missing, Vec::<String>::new());
}

/// The schema with one field taken away or added.
fn edited(schema: &str, edit: impl FnOnce(&mut Vec<Value>)) -> String {
    let mut schema: Value = serde_json::from_str(schema).unwrap();
    edit(schema["fields"].as_array_mut().unwrap());
    schema.to_string()
}

/// A record framed under id 9, written through `Value` with another version of its schema.
fn written_with(schema: &str, fields: Vec<(String, Avro)>) -> Vec<u8> {
    let schema = apache_avro::Schema::parse_str(schema).unwrap();
    let value = Avro::Record(fields).resolve(&schema).unwrap();
    let writer = apache_avro::writer::datum::GenericDatumWriter::builder(&schema).build().unwrap();
    [vec![0, 0, 0, 0, 9], writer.write_value_to_vec(value).unwrap()].concat()
}

#[test]
fn a_record_of_a_newer_version_is_read_by_the_current_type() {
    let newer = edited(QuizViewed::SCHEMA, |fields| {
        fields.insert(
            3,
            json!({"name": "variant", "type": {"type": "map", "values": ["long", "string"]}, "default": {}}),
        );
        fields.push(
            json!({"name": "tests", "type": ["null", {"type": "array", "items": "string"}], "default": null}),
        );
    });
    let current = viewed();
    let Avro::Record(mut fields) = apache_avro::to_value(&current).unwrap() else { panic!("not a record") };
    fields.push(("variant".into(), Avro::Map(HashMap::from([("a".into(), Avro::String("b".into()))]))));
    fields.push(("tests".into(), Avro::Array(vec![Avro::String("x".into())])));
    let framed = written_with(&newer, fields);
    assert_eq!(decoder::<QuizViewed>(&newer).decode(&framed).unwrap(), current);
}

/// Fields that were added to submissions after the first ones were written, or could have been.
const LACKING: [&str; 5] = ["tags", "bot_reasons", "started_at", "elements", "reported"];

#[test]
fn a_record_of_an_older_version_is_read_with_the_defaults_of_what_it_lacks() {
    let older = edited(QuizSubmitted::SCHEMA, |fields| {
        fields.retain(|field| !LACKING.contains(&field["name"].as_str().unwrap()));
    });
    let Avro::Record(mut fields) = apache_avro::to_value(submitted()).unwrap() else {
        panic!("not a record")
    };
    fields.retain(|(name, _)| !LACKING.contains(&name.as_str()));
    let framed = written_with(&older, fields);
    let read = decoder::<QuizSubmitted>(&older).decode(&framed).unwrap();
    let expected = QuizSubmitted {
        tags: vec![],
        bot_reasons: vec![],
        started_at: None,
        elements: vec![],
        reported: 0,
        ..submitted()
    };
    assert_eq!(read, expected);
}

#[test]
fn what_cannot_be_read_says_why() {
    let decoder = decoder::<QuizViewed>(QuizViewed::SCHEMA);
    let framed = Encoder::<QuizViewed>::new(9).unwrap().encode(&viewed()).unwrap();
    assert!(matches!(decoder.decode(b""), Err(CodecError::BadFrame(_))));
    assert!(matches!(decoder.decode(&[1, 0, 0, 0, 9, 4]), Err(CodecError::BadFrame(_))));
    assert!(matches!(decoder.decode(&[0, 0, 0, 0, 8, 4]), Err(CodecError::UnknownSchema(8))));
    assert!(matches!(decoder.decode(&framed[..framed.len() / 2]), Err(CodecError::Undecodable(_))));
    let longer = [framed.as_slice(), &[0]].concat();
    assert!(matches!(decoder.decode(&longer), Err(CodecError::TrailingBytes(1))));
    let mut wrong = Decoder::<QuizViewed>::default();
    wrong.learn(9, TopicEpochs::SCHEMA).unwrap();
    assert!(matches!(wrong.decode(&framed), Err(CodecError::WrongType { .. })));
}
