//! Random campaign versions and random logs, and the demo's own.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use vendzz_load_tests::campaigns::example_campaigns;
use vendzz_load_tests::expected::{CampaignVersion, Inputs, LoggedEvent, QuizVersion, Settings};
use vendzz_load_tests::traffic::read_quiz_files;
use vendzz_schemas::definition::{
    CompiledQuiz, QuizDocument, SubmissionContext, check_submission, sample_answers,
};
use vendzz_schemas::ids::TimedId;

pub(crate) const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
pub(crate) const WINDOW_MS: i64 = 8_000;
pub(crate) const NOTICE_MS: i64 = 3_000;
const FIRST_MS: i64 = 1_767_225_600_000;
const QUIZZES: [&str; 2] = ["um", "dois"];

/// Texts that strangers type, in several scripts, and hostile ones as far as the second implementation reads
/// them. None holds a contact.
const TEXTS: [&str; 18] = [
    "quero mudar de vida",
    "",
    "   ",
    "Não sei, talvez depois",
    "Привет мир",
    "你好 世界",
    "مرحبا بالعالم",
    "שלום עולם",
    "नमस्ते दुनिया",
    "สวัสดี",
    "{{ score }} {% if score %} {% raw %}",
    "<script>alert('x')</script> & \"aspas\"",
    "veja https://exemplo.com/x?a=1 agora",
    "www.exemplo.com.br/promo",
    "exemplo.com/x e fim.",
    "a\u{202e}b\u{200b}c\td\ne",
    "🎉🎉 parabéns 🇧🇷",
    "muito longo muito longo muito longo muito longo muito longo muito longo muito longo muito longo muito longo muito longo muito longo muito longo muito longo muito longo muito longo muito longo muito longo muito longo",
];

fn pick<'a, T: ?Sized>(items: &[&'a T], rng: &mut StdRng) -> &'a T {
    items[rng.random_range(0..items.len())]
}

fn quiz_document(quiz: &str, rng: &mut StdRng) -> Value {
    let other = rng.random_bool(0.5);
    json!({
        "accountId": "conta", "title": format!("Quiz {quiz} {}", rng.random_range(0..3)),
        "language": pick(&["pt-BR", "en", "es"], rng), "timeZone": "America/Sao_Paulo",
        "hiddenFields": ["parceiro", "a.b-c"],
        "elements": [
            { "id": "perfil", "type": "single_choice", "label": "Perfil", "properties": { "allowOther": true }, "choices": [
                { "id": "a", "label": "Opção <A>", "score": rng.random_range(0..10) },
                { "id": "b", "label": "Opção B", "score": rng.random_range(-5..10) },
                { "id": "c", "label": "Opção C" }] },
            { "id": "2-varios", "type": "multiple_choice", "label": "Vários", "properties": { "allowOther": other }, "choices": [
                { "id": "x", "label": "Xis", "score": 3 }, { "id": "y", "label": "Ípsilon", "score": 4 }] },
            { "id": "sim", "type": "yes_no", "label": "Sim?", "properties": { "yesLabel": "Claro", "yesScore": 7, "noScore": -2 } },
            { "id": "peso", "type": "number", "label": "Peso" },
            { "id": "sonho", "type": "long_text", "label": "Sonho" },
            { "id": "nome", "type": "name", "label": "Nome" },
            { "id": "email", "type": "email", "label": "E-mail" },
            { "id": "fone", "type": "phone", "label": "Telefone" },
        ],
        "logic": [
            { "from": "perfil", "when": { "element": "perfil", "is": "equals", "value": "b" }, "goTo": "sim" },
            { "from": "sim", "when": { "element": "peso", "is": "greater", "value": 80 }, "goTo": "nome" },
        ],
        "results": [
            { "id": "baixo", "title": "Baixo", "minScore": -10, "maxScore": 5 },
            { "id": "alto", "title": "Alto & forte", "minScore": 8, "maxScore": 100 },
        ],
    })
}

fn condition(depth: u32, rng: &mut StdRng) -> Value {
    if depth > 0 && rng.random_bool(0.4) {
        let parts: Vec<Value> = (0..rng.random_range(1..4)).map(|_| condition(depth - 1, rng)).collect();
        return if rng.random_bool(0.5) { json!({ "all": parts }) } else { json!({ "any": parts }) };
    }
    let variable = pick(
        &[
            "score",
            "answers.perfil",
            "answers._2_varios",
            "answers.sim",
            "answers.peso",
            "answers.sonho",
            "utm.source",
            "hidden.parceiro",
            "hidden.a_b_c",
            "result.id",
            "contact.email",
            "contact.name",
            "answers.nada",
        ],
        rng,
    );
    let operator =
        pick(&["equals", "not_equals", "contains", "greater", "less", "answered", "not_answered"], rng);
    let value = match rng.random_range(0..6) {
        0 => json!(rng.random_range(-5..20)),
        1 => json!(pick(&["a", "b", "x", "outra"], rng)),
        2 => json!(rng.random_bool(0.5)),
        3 => json!(pick(&["google", "alto", "baixo", "p1"], rng)),
        4 => json!(70.5),
        _ => json!(pick(&["mudar", "мир", "@"], rng)),
    };
    if operator.ends_with("answered") {
        return json!({ "variable": variable, "is": operator });
    }
    json!({ "variable": variable, "is": operator, "value": value })
}

fn template(rng: &mut StdRng) -> String {
    const PARTS: [&str; 14] = [
        "Olá {{ contact.first_name }}, ",
        "{{ contact.name | upper }}: ",
        "{{ answers.perfil }} e {{ answers._2_varios }}. ",
        "{% if answers.sim %}{{ answers.sim }}{% else %}nada{% endif %} ",
        "{{ answers.peso }} kg ",
        "{{answers.sonho|upper}}",
        "{% if hidden.parceiro %}por {{ hidden.parceiro }}{% if utm.source %}, {{ utm.source }}{% endif %}{% endif %}",
        "{{ hidden.a_b_c }}{{ utm.campaign }}",
        "{{ result.title }} ({{ score }}) {{ result.id }}",
        "{{ quiz.title }} {{ quiz.id }} {{ response.id }}",
        "{{ contact.email }} {{ contact.phone }}",
        "<b>{{ answers.sonho }}</b>",
        "texto fixo & 'aspas' ",
        "{{ answers.nome }} {{ answers.email }} {{ answers.fone }}",
    ];
    (0..rng.random_range(1..5)).map(|_| pick(&PARTS, rng)).collect()
}

fn campaign_document(quiz: &str, channel: &str, state: &str, append_ms: i64, rng: &mut StdRng) -> Value {
    let mut steps = Vec::new();
    for number in 0..rng.random_range(1..4) {
        let template = match channel {
            "email" => json!({ "subject": template(rng), "text": template(rng), "html": template(rng) }),
            "whatsapp" if rng.random_bool(0.5) => json!({ "providerTemplate": {
                "name": "modelo", "language": "pt_BR", "parameters": [template(rng), template(rng)] } }),
            _ => json!({ "text": template(rng) }),
        };
        let mut step = json!({ "id": format!("s{number}"), "template": template });
        if rng.random_bool(0.6) {
            step["delaySeconds"] = json!(rng.random_range(0..100_000));
        }
        if rng.random_bool(0.5) {
            step["maxLateSeconds"] = json!(rng.random_range(60..10_000));
        }
        steps.push(step);
    }
    let mut document = json!({
        "accountId": if rng.random_bool(0.95) { "conta" } else { "outra" },
        "quizId": quiz, "name": "n", "channel": channel, "state": state, "senderPool": pick(&["p1", "p2"], rng),
        "audience": pick(&["all", "completed", "abandoned"], rng), "steps": steps,
    });
    if rng.random_bool(0.6) {
        document["when"] = condition(2, rng);
    }
    if rng.random_bool(0.3) {
        document["activeFrom"] = json!(append_ms + rng.random_range(-10_000..20_000));
    }
    if rng.random_bool(0.5) {
        document["defaults"] =
            json!({ "contact.first_name": "pessoa", "answers.sonho": "sonho {{ x }} <i>", "utm.source": "" });
    }
    if rng.random_bool(0.5) {
        document["quietHours"] = json!({ "from": "21:30", "to": "07:05" });
        document["frequencyCap"] = json!({ "messages": 2, "hours": 24 });
    }
    document
}

fn answers(rng: &mut StdRng) -> Value {
    let mut answers = serde_json::Map::new();
    let mut maybe = |name: &str, share: f64, value: Value, rng: &mut StdRng| {
        if rng.random_bool(share) {
            answers.insert(name.to_owned(), value);
        }
    };
    let choice = pick(&["a", "b", "c", "outra coisa www.x.com"], rng);
    maybe("perfil", 0.9, json!(choice), rng);
    let several: Vec<&str> = ["x", "y", "outra", "x"].into_iter().filter(|_| rng.random_bool(0.5)).collect();
    maybe("2-varios", 0.7, json!(several), rng);
    let flag = rng.random_bool(0.5);
    maybe("sim", 0.7, json!(flag), rng);
    let weight = [70.0, 70.5, 120.25, 0.1][rng.random_range(0..4)];
    maybe("peso", 0.7, json!(weight), rng);
    let text = pick(&TEXTS, rng);
    maybe("sonho", 0.7, json!(text), rng);
    maybe("de-outra-versao", 0.1, json!("x"), rng);
    let name = pick(&["Ana Maria", "João da Silva", "Анна", "王小明"], rng);
    maybe("nome", 0.7, json!(name), rng);
    let email = format!("Pessoa.{}@example.com", rng.random_range(0..5));
    maybe("email", 0.7, json!(email), rng);
    let phone = format!("+551198765432{}", rng.random_range(0..5));
    maybe("fone", 0.7, json!(phone), rng);
    Value::Object(answers)
}

fn event(
    trigger: &str,
    response: &TimedId,
    quiz: &str,
    versions: &[QuizVersion],
    append_ms: i64,
    rng: &mut StdRng,
) -> Value {
    let of_quiz: Vec<i64> =
        versions.iter().filter(|version| version.quiz_id == quiz).map(|version| version.version).collect();
    let hidden =
        json!({ "parceiro": pick(&["p1", "", "www.x.com"], rng), "a.b-c": pick(&TEXTS, rng), "fora": "x" });
    let utm = json!({ "source": pick(&["google", "", "  "], rng), "medium": "", "campaign": pick(&TEXTS, rng), "term": "", "content": "" });
    let mut event = json!({
        "account_id": "conta", "quiz_id": quiz, "response_id": response.to_string(), "visitor_id": null,
        "version": of_quiz[rng.random_range(0..of_quiz.len())] + rng.random_range(-1..1),
        "answers": answers(rng), "hidden": hidden, "utm": utm, "referrer": "", "device": "mobile", "country": "BR",
        "bot_verdict": if rng.random_bool(0.1) { "bot" } else { pick(&["human", "suspect"], rng) }, "tags": [],
    });
    let extra = match trigger {
        "completed" => json!({
            "received_at": append_ms + [-500, -200_000_000, 400_000][rng.random_range(0..3)],
            "started_at": null, "submitted_at": null, "bot_reasons": [], "address_hash": "", "elements": [], "reported": 0,
        }),
        _ => json!({
            "last_seen_at": append_ms - 5_000, "abandoned_at": append_ms - rng.random_range(0..3_000),
            "last_element": "", "elements_seen": 0,
        }),
    };
    event.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    event
}

/// A log of everything, from one seed.
pub(crate) fn inputs(seed: u64) -> Inputs {
    let rng = &mut StdRng::seed_from_u64(seed);
    let mut quizzes = Vec::new();
    for version in 0..rng.random_range(2..6) {
        // Each of them has one at least.
        let quiz = QUIZZES.get(version).copied().unwrap_or_else(|| pick(&QUIZZES, rng));
        let document = quiz_document(quiz, rng);
        quizzes.push(QuizVersion { quiz_id: quiz.to_owned(), version: 2 * version as i64 + 1, document });
    }
    let mut campaigns = Vec::new();
    let mut append_ms = FIRST_MS - 10_000;
    for offset in 0..rng.random_range(3..20) {
        let number = rng.random_range(0..6_usize);
        let (quiz, channel) =
            (QUIZZES[number % 2], ["sms", "email", "whatsapp", "voice", "email", "sms"][number]);
        append_ms += rng.random_range(-50..4_000);
        let state = if rng.random_bool(0.7) { "active" } else { pick(&["draft", "paused", "ended"], rng) };
        let document = campaign_document(quiz, channel, state, append_ms, rng);
        campaigns.push(CampaignVersion {
            campaign_id: format!("c{number}"),
            revision: format!("r{offset}"),
            account_id: document["accountId"].as_str().unwrap().to_owned(),
            quiz_id: quiz.to_owned(),
            state: state.to_owned(),
            offset,
            append_ms,
            document,
        });
    }
    let mut people: Vec<(TimedId, &str)> = Vec::new();
    for _ in 0..12 {
        let id = TimedId::mint_at(FIRST_MS as u64 + rng.random_range(0..60_000), &rng.random());
        people.push((id, pick(&QUIZZES, rng)));
    }
    let mut log = |trigger: &str, count: std::ops::Range<usize>| {
        let mut records = Vec::new();
        for partition in 0..2 {
            let mut append_ms = FIRST_MS;
            for offset in 0..rng.random_range(count.clone()) as i64 {
                append_ms += rng.random_range(-200..3_000);
                let (id, quiz) = people[rng.random_range(0..people.len())];
                let mut event = event(trigger, &id, quiz, &quizzes, append_ms, rng);
                // What breaks the contract is a dead letter: no sighting of its key.
                if rng.random_bool(0.05) {
                    event["account_id"] = json!("Conta Grande");
                }
                let event = rng.random_bool(0.97).then_some(event);
                records.push(LoggedEvent {
                    partition,
                    offset,
                    append_ms,
                    key: format!("{quiz}/{id}"),
                    event,
                });
            }
        }
        records
    };
    let (submissions, abandonments) = (log("completed", 0..25), log("abandoned", 0..12));
    let emit_from_ms = rng.random_bool(0.3).then(|| FIRST_MS + rng.random_range(0..20_000));
    let settings =
        Settings { window_ms: WINDOW_MS, notice_ms: NOTICE_MS, emit_from_ms, lead_secret: SECRET.to_vec() };
    Inputs { quizzes, campaigns, submissions, abandonments, settings }
}

/// The demo's own quizzes and campaigns, with the answers of its traffic as the edge keeps them.
pub(crate) fn demo_inputs() -> Inputs {
    let rng = &mut StdRng::seed_from_u64(5);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples");
    let mut inputs = Inputs {
        settings: Settings { notice_ms: NOTICE_MS, lead_secret: SECRET.to_vec(), ..Settings::default() },
        ..Inputs::default()
    };
    for (offset, campaign) in (0..).zip(example_campaigns().unwrap()) {
        let text = |name: &str| campaign.document[name].as_str().unwrap().to_owned();
        inputs.campaigns.push(CampaignVersion {
            campaign_id: campaign.id.clone(),
            revision: format!("r{offset}"),
            account_id: text("accountId"),
            quiz_id: text("quizId"),
            state: text("state"),
            offset,
            append_ms: FIRST_MS - 10_000,
            document: campaign.document.clone(),
        });
    }
    for (version, file) in (0..).zip(read_quiz_files(folder.as_ref()).unwrap()) {
        let document: QuizDocument = serde_json::from_value(file.document.clone()).unwrap();
        let compiled = CompiledQuiz::new(&document, &[]);
        inputs.quizzes.push(QuizVersion { quiz_id: file.id.clone(), version, document: file.document });
        for offset in 0..300 {
            let context = SubmissionContext {
                answered_version_is_current: true,
                received_at_ms: chrono::Utc::now().timestamp_millis(),
            };
            let answers = sample_answers(&document, &compiled, rng);
            let kept = check_submission(&compiled, &answers, &context).unwrap().answers;
            let id = TimedId::mint_at(FIRST_MS as u64, &rng.random());
            let mut event = event("completed", &id, &file.id, &inputs.quizzes, FIRST_MS, rng);
            event["account_id"] = json!(document.account_id);
            event["version"] = json!(version);
            event["answers"] = serde_json::to_value(kept).unwrap();
            let key = format!("{}/{id}", file.id);
            inputs.submissions.push(LoggedEvent {
                partition: 0,
                offset,
                append_ms: FIRST_MS,
                key,
                event: Some(event),
            });
        }
    }
    inputs
}
