use std::io::Write;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::NamedTempFile;
use vendzz_schemas::events::{CampaignDefinition, QuizDefinition};
use vendzz_schemas::ids::TimedId;
use vendzz_schemas::topics::{CAMPAIGN_DEFINITION, QUIZ_DEFINITION};

use crate::installation::{Installation, Ran};
use crate::sample::now_ms;

const QUIZ: &str = "emprestimo";
const CAMPAIGN: &str = "emprestimo-sms";
const NOTICE: Duration = Duration::from_millis(600);
/// In force soon after it was written.
const SOON: [(&str, &str); 3] = [
    ("VENDZZ_CAMPAIGN_NOTICE", "600ms"),
    ("VENDZZ_FANOUT_IN_STEP", "100ms"),
    ("VENDZZ_CLOCK_DIFFERENCE", "100ms"),
];
const IN_AN_HOUR: [(&str, &str); 3] = [
    ("VENDZZ_CAMPAIGN_NOTICE", "1h"),
    ("VENDZZ_FANOUT_IN_STEP", "100ms"),
    ("VENDZZ_CLOCK_DIFFERENCE", "100ms"),
];

fn example(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The quiz and the campaign of `docs/examples`, the campaign in this state.
async fn with_campaign(state: &str) -> Installation {
    let installation = Installation::set_up();
    let quiz = QuizDefinition {
        account_id: "conta-credito-claro".to_owned(),
        quiz_id: QUIZ.to_owned(),
        state: "published".to_owned(),
        changed_at: now_ms(),
        document: example("emprestimo.json").to_string(),
        retired: Vec::new(),
    };
    let framed = installation.encoder(QUIZ_DEFINITION).encode(&quiz).unwrap();
    installation.append(QUIZ_DEFINITION, 0, QUIZ, Some(&framed)).await;
    let mut document = example("campaigns/emprestimo-sms.json");
    document["state"] = json!(state);
    let campaign = CampaignDefinition {
        account_id: "conta-credito-claro".to_owned(),
        campaign_id: CAMPAIGN.to_owned(),
        revision: TimedId::mint().to_string(),
        quiz_id: QUIZ.to_owned(),
        state: state.to_owned(),
        changed_at: now_ms(),
        document: document.to_string(),
    };
    let framed = installation.encoder(CAMPAIGN_DEFINITION).encode(&campaign).unwrap();
    installation.append(CAMPAIGN_DEFINITION, 0, &format!("{CAMPAIGN}/1"), Some(&framed)).await;
    installation
}

fn file_of(response: &Value) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(response.to_string().as_bytes()).unwrap();
    file
}

fn preview(installation: &Installation, response: &Value, settings: &[(&str, &str)]) -> Ran {
    let file = file_of(response);
    let arguments = ["campaign", "preview", CAMPAIGN, "--response", file.path().to_str().unwrap(), "--json"];
    installation.vendzz_with(&arguments, settings)
}

/// Somebody whom the example campaign follows up.
fn interested() -> Value {
    let quiz = example("emprestimo.json");
    let id_of = |kind: &str| {
        let elements = quiz["elements"].as_array().unwrap();
        elements.iter().find(|element| element["type"] == kind).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let mut answers = serde_json::Map::new();
    answers.insert("autorizacao".to_owned(), json!(true));
    answers.insert("valor".to_owned(), json!(20_000.0));
    answers.insert(id_of("phone"), json!("+5511987654321"));
    json!({ "answers": answers, "hidden": { "parceiro": "banco" } })
}

fn reasons(ran: &Ran) -> Vec<String> {
    let why = ran.json()["why_not"].as_array().unwrap().clone();
    why.iter().map(|why| why["reason"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_preview_says_what_is_sent_to_whom_and_when_and_why_not() {
    let installation = with_campaign("active").await;
    let early = preview(&installation, &interested(), &IN_AN_HOUR).expect(1);
    assert_eq!(reasons(&early), ["not_in_force"]);

    tokio::time::sleep(NOTICE).await;
    let before = now_ms();
    let sent = preview(&installation, &interested(), &SOON).expect(0).json();
    let message = &sent["messages"][0];
    assert_eq!(sent["messages"].as_array().unwrap().len(), 1);
    assert_eq!(
        (message["recipient"].as_str(), message["channel"].as_str()),
        (Some("+5511987654321"), Some("sms"))
    );
    let due = message["due_at"].as_i64().unwrap();
    assert!((before + 120_000..now_ms() + 120_000).contains(&due), "{due}");
    assert!(message["body"].as_str().unwrap().contains("ola, cliente!"), "{message}");
    assert_eq!(sent["phone"]["evidence"], "typed_element");

    let mut unmet = interested();
    unmet["answers"]["autorizacao"] = json!(false);
    assert_eq!(reasons(&preview(&installation, &unmet, &SOON).expect(1)), ["condition"]);
    let mut unreachable = interested();
    unreachable["answers"].as_object_mut().unwrap().retain(|_, answer| answer != "+5511987654321");
    assert_eq!(reasons(&preview(&installation, &unreachable, &SOON).expect(1)), ["no_contact"]);
    let mut left = interested();
    left["abandoned"] = json!(true);
    assert_eq!(reasons(&preview(&installation, &left, &SOON).expect(1)), ["audience"]);
}

#[tokio::test]
async fn a_draft_is_shown_and_not_called_sent() {
    let installation = with_campaign("draft").await;
    tokio::time::sleep(NOTICE).await;
    let ran = preview(&installation, &interested(), &SOON).expect(1);
    assert_eq!(reasons(&ran), ["not_active"]);
    assert_eq!(ran.json()["messages"].as_array().unwrap().len(), 1);

    let listed = installation.vendzz_with(&["campaign", "list", "--json"], &SOON).expect(0).json();
    let row = &listed[0];
    assert_eq!((row["campaign"].as_str(), row["state"].as_str()), (Some(CAMPAIGN), Some("draft")));
    assert_eq!(row["in_force"], row["revision"]);
    let table = installation.vendzz_with(&["campaign", "list", "--quiz", QUIZ], &SOON).expect(0).stdout;
    assert!(table.contains("this version"), "{table}");
    assert_eq!(
        installation.vendzz_with(&["campaign", "list", "--quiz", "outro", "--json"], &SOON).expect(0).json(),
        json!([])
    );
}

#[tokio::test]
async fn what_does_not_exist_or_cannot_be_read_is_named() {
    let installation = with_campaign("active").await;
    let ask = |campaign: &str, response: &str| {
        installation
            .vendzz_with(&["campaign", "preview", campaign, "--response", response], &SOON)
            .expect(64)
            .stderr
    };
    assert!(ask("nada", "x.json").contains("there is no campaign nada"));
    assert!(ask("Ação", "x.json").contains("a campaign id must be"));
    assert!(ask(CAMPAIGN, "x.json").contains("neither a UUIDv7 nor a readable file"));
    let wrong = file_of(&json!({ "answer": {} }));
    assert!(ask(CAMPAIGN, wrong.path().to_str().unwrap()).contains("unknown field `answer`"));
}
