use serde_json::{Value, json};

use crate::campaign::testing::{example_campaigns, quiz, sms};
use crate::campaign::{CampaignContext, CampaignDocument, check_campaign, check_campaign_value};
use crate::definition::testing::{document, text};
use crate::definition::{QuizDocument, RetiredElement};

type Found = Vec<(String, &'static str)>;

fn found_against(document: &Value, context: &CampaignContext<'_>) -> Found {
    match check_campaign_value(document, context) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.into_iter().map(|problem| (problem.pointer, problem.code)).collect(),
    }
}

fn found(document: &Value, former: &[CampaignDocument]) -> Found {
    let quiz = quiz("emprestimo");
    let retired = [RetiredElement {
        element_id: "antigo".to_owned(),
        element_type: "single_choice".to_owned(),
        choices: vec!["sim".to_owned()],
    }];
    found_against(
        document,
        &CampaignContext { quiz: &quiz, quiz_id: "emprestimo", retired: &retired, former },
    )
}

pub(super) fn expect(document: &Value, expected: &[(&str, &'static str)]) {
    let expected: Found = expected.iter().map(|(pointer, code)| ((*pointer).to_owned(), *code)).collect();
    assert_eq!(found(document, &[]), expected, "{document:#}");
}

/// A right campaign of each channel.
pub(super) fn right(channel: &str) -> Value {
    let mut document = sms("Oi, {{ contact.first_name }}!");
    document["channel"] = json!(channel);
    match channel {
        "email" => {
            document["steps"][0]["template"] =
                json!({"subject": "Oi", "text": "Oi", "html": "<p>{{ contact.name }}</p>."});
        }
        "whatsapp" => {
            document["steps"][0]["template"] = json!({"providerTemplate":
                {"name": "oi_2", "language": "pt_BR", "parameters": ["Sr. {{ contact.name }}", "x"]}});
        }
        _ => {}
    }
    document
}

/// That campaign with one place replaced (`None` removes it).
pub(super) fn with(channel: &str, pointer: &str, value: Option<Value>) -> Value {
    let mut document = right(channel);
    document["activeFrom"] = json!(1_700_000_000_000_i64);
    document["quietHours"] = json!({"from": "21:00", "to": "08:00"});
    document["frequencyCap"] = json!({"messages": 1, "hours": 24});
    document["defaults"] = json!({"contact.first_name": "cliente"});
    document["when"] = json!({"all": [
        {"variable": "answers.motivo", "is": "equals", "value": "dividas"},
        {"any": [{"variable": "score", "is": "greater", "value": 3}, {"variable": "utm.source", "is": "answered"}]},
    ]});
    document["steps"][0]["delaySeconds"] = json!(60);
    document["steps"][0]["maxLateSeconds"] = json!(3600);
    expect(&document, &[]);
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    match (document.pointer_mut(parent).expect(pointer), value) {
        (Value::Object(object), Some(value)) => {
            object.insert(name.replace("~1", "/"), value);
        }
        (Value::Object(object), None) => {
            object.remove(name);
        }
        (Value::Array(items), Some(value)) => items[name.parse::<usize>().expect("an index")] = value,
        _ => panic!("cannot replace {pointer}"),
    }
    document
}

#[test]
fn every_fault_is_named_by_its_place() {
    let test =
        |variable: &str, is: &str, value: Value| json!({"variable": variable, "is": is, "value": value});
    // What is put where, and the one problem that it makes.
    let cases: Vec<(&str, Option<Value>, &str, &str)> = vec![
        ("/accountId", None, "/accountId", "missing"),
        ("/accountId", Some(json!("Conta")), "/accountId", "bad_id"),
        ("/accountId", Some(json!("outra")), "/accountId", "foreign_account"),
        ("/quizId", Some(json!("a/b")), "/quizId", "bad_id"),
        ("/quizId", Some(json!("outro")), "/quizId", "other_quiz"),
        ("/name", Some(json!(" ")), "/name", "empty"),
        ("/name", Some(json!("x".repeat(201))), "/name", "too_long"),
        ("/name", Some(json!("a\0")), "/name", "null_character"),
        ("/channel", Some(json!("pigeon")), "/channel", "unknown_channel"),
        ("/channel", Some(json!(1)), "/channel", "wrong_type"),
        ("/audience", Some(json!("everybody")), "/audience", "unknown_audience"),
        ("/state", Some(json!("on")), "/state", "unknown_state"),
        ("/state", None, "/state", "missing"),
        ("/activeFrom", Some(json!("tomorrow")), "/activeFrom", "wrong_type"),
        ("/activeFrom", Some(json!(-1)), "/activeFrom", "out_of_range"),
        ("/senderPool", None, "/senderPool", "missing"),
        ("/senderPool", Some(json!("")), "/senderPool", "empty"),
        ("/senderPool", Some(json!("a b")), "/senderPool", "bad_id"),
        ("/color", Some(json!(1)), "/color", "unknown_field"),
        ("/a~1b", Some(json!(1)), "/a~1b", "unknown_field"),
        // steps
        ("/steps", None, "/steps", "missing"),
        ("/steps", Some(json!([])), "/steps", "missing"),
        ("/steps", Some(json!({})), "/steps", "wrong_type"),
        ("/steps/0", Some(json!("s1")), "/steps/0", "wrong_type"),
        ("/steps/0/id", None, "/steps/0/id", "missing"),
        ("/steps/0/id", Some(json!("Passo 1")), "/steps/0/id", "bad_id"),
        ("/steps/0/wait", Some(json!(1)), "/steps/0/wait", "unknown_field"),
        ("/steps/0/delaySeconds", Some(json!(-1)), "/steps/0/delaySeconds", "out_of_range"),
        ("/steps/0/delaySeconds", Some(json!(2_592_001)), "/steps/0/delaySeconds", "out_of_range"),
        ("/steps/0/delaySeconds", Some(json!(1.5)), "/steps/0/delaySeconds", "wrong_type"),
        ("/steps/0/maxLateSeconds", Some(json!(59)), "/steps/0/maxLateSeconds", "out_of_range"),
        ("/steps/0/maxLateSeconds", Some(json!(604_801)), "/steps/0/maxLateSeconds", "out_of_range"),
        ("/steps/0/template/title", Some(json!("x")), "/steps/0/template/title", "unknown_field"),
        ("/steps/0/template/text", Some(json!(7)), "/steps/0/template/text", "wrong_type"),
        ("/steps/0/template/text", Some(json!("  ")), "/steps/0/template/text", "empty"),
        ("/steps/0/template/text", Some(json!("a\0")), "/steps/0/template/text", "null_character"),
        ("/steps/0/template/text", None, "/steps/0/template/text", "missing"),
        // quiet hours, cap, defaults
        ("/quietHours", Some(json!("night")), "/quietHours", "wrong_type"),
        ("/quietHours/from", Some(json!("24:00")), "/quietHours/from", "bad_time"),
        ("/quietHours/to", Some(json!("8:00")), "/quietHours/to", "bad_time"),
        ("/quietHours/to", Some(json!("21:00")), "/quietHours/to", "empty_range"),
        ("/quietHours/to", None, "/quietHours/to", "missing"),
        ("/quietHours/zone", Some(json!("UTC")), "/quietHours/zone", "unknown_field"),
        ("/frequencyCap/messages", Some(json!(0)), "/frequencyCap/messages", "out_of_range"),
        ("/frequencyCap/messages", Some(json!(101)), "/frequencyCap/messages", "out_of_range"),
        ("/frequencyCap/hours", Some(json!(721)), "/frequencyCap/hours", "out_of_range"),
        ("/frequencyCap/hours", None, "/frequencyCap/hours", "missing"),
        ("/defaults", Some(json!([])), "/defaults", "wrong_type"),
        ("/defaults/answers.no_such", Some(json!("x")), "/defaults/answers.no_such", "unknown_variable"),
        ("/defaults/answers", Some(json!("x")), "/defaults/answers", "unknown_variable"),
        ("/defaults/score", Some(json!(1)), "/defaults/score", "wrong_type"),
        ("/defaults/score", Some(json!("x".repeat(201))), "/defaults/score", "too_long"),
        ("/defaults/score", Some(json!("\0")), "/defaults/score", "null_character"),
        // conditions
        ("/when", Some(json!("always")), "/when", "wrong_type"),
        ("/when/all", Some(json!([])), "/when/all", "empty"),
        ("/when/all/0/when", Some(json!(1)), "/when/all/0/when", "unknown_field"),
        ("/when/all/0", Some(json!(1)), "/when/all/0", "wrong_type"),
        ("/when/all/0/variable", None, "/when/all/0/variable", "missing"),
        ("/when/all/0/variable", Some(json!("answers.no_such")), "/when/all/0/variable", "unknown_variable"),
        (
            "/when/all/0/variable",
            Some(json!("answers.boas_vindas")),
            "/when/all/0/variable",
            "unknown_variable",
        ),
        ("/when/all/0/is", Some(json!("resembles")), "/when/all/0/is", "unknown_operator"),
        ("/when/all/0/is", Some(json!("greater")), "/when/all/0/is", "operator_does_not_fit"),
        ("/when/all/0/is", Some(json!("contains")), "/when/all/0/is", "operator_does_not_fit"),
        ("/when/all/0/is", Some(json!("answered")), "/when/all/0/value", "unexpected_value"),
        ("/when/all/0/value", None, "/when/all/0/value", "missing"),
        ("/when/all/0/value", Some(json!(3)), "/when/all/0/value", "wrong_type"),
        ("/when/all/0/value", Some(json!("no_such")), "/when/all/0/value", "unknown_choice"),
        ("/when/all/1/any/0/value", Some(json!("3")), "/when/all/1/any/0/value", "wrong_type"),
        ("/when/all/1/any/0/value", Some(json!([3])), "/when/all/1/any/0/value", "wrong_type"),
        (
            "/when/all/0",
            Some(test("answers.garantia", "equals", json!("sim"))),
            "/when/all/0/value",
            "wrong_type",
        ),
        (
            "/when/all/0",
            Some(test("answers.endereco", "equals", json!("x"))),
            "/when/all/0/is",
            "operator_does_not_fit",
        ),
        (
            "/when/all/0",
            Some(test("answers.prioridades", "equals", json!("juros"))),
            "/when/all/0/is",
            "operator_does_not_fit",
        ),
        (
            "/when/all/0",
            Some(test("answers.prioridades", "contains", json!("x"))),
            "/when/all/0/value",
            "unknown_choice",
        ),
        (
            "/when/all/0",
            Some(test("answers.nascimento", "less", json!("01/02/2000"))),
            "/when/all/0/value",
            "bad_value",
        ),
        (
            "/when/all/0",
            Some(test("result.id", "equals", json!("no_such"))),
            "/when/all/0/value",
            "unknown_choice",
        ),
        (
            "/when/all/0",
            Some(test("utm.source", "less", json!("x"))),
            "/when/all/0/is",
            "operator_does_not_fit",
        ),
        (
            "/when/all/0",
            Some(test("utm.source", "equals", json!("a\0"))),
            "/when/all/0/value",
            "null_character",
        ),
        (
            "/when/all/0",
            Some(test("answers.antigo", "equals", json!("nunca"))),
            "/when/all/0/value",
            "unknown_choice",
        ),
    ];
    for (pointer, value, at, code) in cases {
        expect(&with("sms", pointer, value), &[(at, code)]);
    }
}

#[test]
fn what_former_versions_settled_stays() {
    let version = |change: &dyn Fn(&mut Value)| {
        let mut document = sms("Oi");
        change(&mut document);
        document
    };
    let typed =
        |document: &Value| -> CampaignDocument { serde_json::from_value(document.clone()).expect("typed") };
    let steps = |ids: &[&str]| {
        let step = |id: &&str| json!({"id": id, "template": {"text": "Oi"}});
        let steps: Vec<Value> = ids.iter().map(step).collect();
        version(&move |document| document["steps"] = json!(steps))
    };
    let history = [typed(&steps(&["a", "b"])), typed(&steps(&["b"])), typed(&steps(&["b", "c"]))];
    assert_eq!(found(&steps(&["b", "c", "d"]), &history), []);
    assert_eq!(found(&steps(&["d"]), &history), []);
    assert_eq!(found(&steps(&["d", "a"]), &history), [("/steps/1/id".to_owned(), "step_id_reused")]);
    assert_eq!(found(&steps(&["d", "d"]), &history), [("/steps/1/id".to_owned(), "duplicate_id")]);
    let other_channel = version(&|document| document["channel"] = json!("voice"));
    assert_eq!(found(&other_channel, &history[..1]), [("/channel".to_owned(), "channel_changed")]);
    let mut before = history[0].clone();
    before.quiz_id = "cursos".to_owned();
    assert_eq!(found(&steps(&["a", "b"]), &[before]), [("/quizId".to_owned(), "quiz_changed")]);
}

#[test]
fn answers_to_retired_elements_may_be_asked_for() {
    let mut document = sms("Oi {{ answers.antigo }}");
    document["when"] = json!({"variable": "answers.antigo", "is": "equals", "value": "sim"});
    expect(&document, &[]);
}

#[test]
fn ambiguous_names_are_refused_where_they_are_used() {
    let mut quiz: QuizDocument = document(json!([text("a-b"), text("a_b")]), json!([]));
    quiz.account_id = "conta-credito-claro".to_owned();
    let context = CampaignContext { quiz: &quiz, quiz_id: "emprestimo", retired: &[], former: &[] };
    assert_eq!(found_against(&sms("Oi"), &context), []);
    let mut document = sms("Oi {{ answers.a_b }}");
    document["when"] = json!({"variable": "answers.a_b", "is": "answered"});
    document["defaults"] = json!({"answers.a_b": "x"});
    let ambiguous = |pointer: &str| (pointer.to_owned(), "ambiguous_variable");
    let expected = ["/defaults/answers.a_b", "/steps/0/template/text", "/when/variable"].map(ambiguous);
    assert_eq!(found_against(&document, &context), expected);
}

#[test]
fn all_problems_are_listed_at_once() {
    let mut document = sms("{{ nope }}");
    document["accountId"] = json!("outra");
    document["channel"] = json!("email");
    document["steps"]
        .as_array_mut()
        .expect("steps")
        .push(json!({"id": "s1", "delaySeconds": -5, "template": {}}));
    document["defaults"] = json!({"nope": 5});
    let object = document.as_object_mut().expect("an object");
    object.remove("senderPool");
    expect(
        &document,
        &[
            ("/accountId", "foreign_account"),
            ("/defaults/nope", "wrong_type"),
            ("/defaults/nope", "unknown_variable"),
            ("/senderPool", "missing"),
            ("/steps/0/template/subject", "missing"),
            ("/steps/0/template/text", "unknown_variable"),
            ("/steps/1/delaySeconds", "out_of_range"),
            ("/steps/1/id", "duplicate_id"),
            ("/steps/1/template/subject", "missing"),
            ("/steps/1/template/text", "missing"),
        ],
    );
}

#[test]
fn sizes_are_limited() {
    let steps = |count: usize| -> Value {
        (0..count).map(|number| json!({"id": format!("s{number}"), "template": {"text": "Oi"}})).collect()
    };
    let mut document = sms("Oi");
    document["steps"] = steps(20);
    expect(&document, &[]);
    document["steps"] = steps(21);
    expect(&document, &[("/steps", "too_many")]);

    let mut document = sms("Oi");
    let mut nested = json!({"variable": "score", "is": "answered"});
    for _ in 0..7 {
        nested = json!({"all": [nested]});
    }
    document["when"] = nested.clone();
    expect(&document, &[]);
    document["when"] = json!({"all": [nested]});
    expect(&document, &[(&format!("/when{}", "/all/0".repeat(8)), "too_deep")]);

    let search = json!({"variable": "utm.source", "is": "contains", "value": "x"});
    let tests = |test: &Value, count: usize| -> Value { (0..count).map(|_| test.clone()).collect() };
    document["when"] = json!({"any": tests(&search, 10)});
    expect(&document, &[]);
    document["when"] = json!({"any": tests(&search, 11)});
    expect(&document, &[("/when", "too_many")]);
    let answered = json!({"variable": "score", "is": "answered"});
    document["when"] = json!({"any": tests(&answered, 51)});
    expect(&document, &[("/when/any", "too_many")]);
    let parts: Vec<Value> = (0..5).map(|_| json!({"all": tests(&answered, 41)})).collect();
    document["when"] = json!({"any": parts});
    expect(&document, &[("/when", "too_many")]);

    let mut document = right("email");
    document["steps"][0]["template"]["html"] = json!("é".repeat(40_000));
    expect(&document, &[("", "too_large")]);
}

#[test]
fn what_is_no_campaign_at_all_is_refused() {
    for value in [json!(null), json!([]), json!("x"), json!(1)] {
        expect(&value, &[("", "wrong_type")]);
    }
    let quiz = quiz("emprestimo");
    let context = CampaignContext { quiz: &quiz, quiz_id: "emprestimo", retired: &[], former: &[] };
    let code = |bytes: &[u8]| check_campaign(bytes, &context).expect_err("refused")[0].code;
    assert_eq!(code(b"{"), "syntax");
    assert_eq!(code(b"\xff"), "not_utf8");
    assert_eq!(code(br#"{"name": "a", "name": "b"}"#), "duplicate_key");
    assert_eq!(code(br#"{"name": "a\u0000"}"#), "null_character");
    assert_eq!(code(&vec![b' '; 64 * 1024 + 1]), "too_large");
    assert_eq!(code(&[b"[".repeat(60_000), b"]".repeat(5_000)].concat()), "too_deep");
}

#[test]
fn the_examples_are_right() {
    for (name, document) in example_campaigns() {
        let quiz_id = document["quizId"].as_str().expect("an id");
        let quiz = quiz(quiz_id);
        let context = CampaignContext { quiz: &quiz, quiz_id, retired: &[], former: &[] };
        let checked = check_campaign_value(&document, &context)
            .unwrap_or_else(|problems| panic!("{name}: {problems:#?}"));
        // The strict reading and that of the log agree.
        let written = serde_json::to_string(&checked).expect("JSON");
        let read: CampaignDocument = serde_json::from_str(&written).expect("a campaign");
        assert_eq!(read, checked, "{name}");
        assert_eq!(check_campaign(written.as_bytes(), &context).expect(name), checked, "{name}");
    }
}

#[test]
fn the_example_of_the_reference_page_is_right() {
    let page = include_str!("../../../docs/campaigns.md");
    let begin = page.find("```json\n").expect("an example") + "```json\n".len();
    let length = page[begin..].find("```").expect("its end");
    let document: Value = serde_json::from_str(&page[begin..begin + length]).expect("JSON");
    expect(&document, &[]);
    // Every code that the checks of campaigns give is explained.
    let sources = [
        include_str!("check/mod.rs"),
        include_str!("check/document.rs"),
        include_str!("check/step.rs"),
        include_str!("check/former.rs"),
        include_str!("check/condition.rs"),
        include_str!("check/texts.rs"),
        include_str!("template.rs"),
        include_str!("template_analysis.rs"),
        include_str!("variables.rs"),
        include_str!("../checking/fields.rs"),
        include_str!("../definition/check/comparable.rs"),
    ];
    let is_code = |word: &&str| {
        word.contains('_') && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    let quoted = sources.iter().flat_map(|source| source.split('"').skip(1).step_by(2)).filter(is_code);
    let no_codes = ["birth_date", "first_name", "max_chars"];
    for code in quoted.filter(|word| !no_codes.contains(word)) {
        assert!(page.contains(&format!("`{code}`")), "docs/campaigns.md does not explain {code}");
    }
}

#[test]
fn the_log_of_a_newer_build_can_be_read() {
    let mut newer = sms("Oi");
    newer["color"] = json!("red");
    newer["state"] = json!("archived");
    newer["when"] = json!({"none": [1]});
    newer["steps"][0]["template"]["gif"] = json!(1);
    let document: CampaignDocument = serde_json::from_value(newer).expect("unknown fields are passed over");
    assert_eq!(document.state, "archived");
}
