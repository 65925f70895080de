use serde_json::{Value, json};

use super::*;
use crate::campaign::testing::{Response, example_campaigns, quiz, sms};
use crate::definition::testing::{document, text};

fn compile(document: &Value) -> CompiledCampaign {
    let document: CampaignDocument = serde_json::from_value(document.clone()).expect("a campaign");
    CompiledCampaign::new("boas-vindas", "r1", &document).expect("it compiles")
}

fn example(name: &str) -> CompiledCampaign {
    let (_, document) = example_campaigns().into_iter().find(|(file, _)| *file == name).expect(name);
    compile(&document)
}

fn when(condition: Value) -> CompiledCampaign {
    let mut document = sms("oi");
    document["when"] = condition;
    compile(&document)
}

#[test]
fn the_first_reason_against_is_named() {
    let occasion =
        Occasion { account_id: "conta-credito-claro", quiz_id: "emprestimo", trigger: Trigger::Completed };
    let values = Response::default().answer("valor", json!(5000)).example("emprestimo");
    let mut document = sms("oi");
    document["when"] = json!({"variable": "answers.valor", "is": "greater", "value": 1000});
    let campaign = compile(&document);
    assert_eq!(campaign.decide(&occasion, &values), Ok(()));
    assert_eq!(
        campaign.decide(&Occasion { account_id: "outra", ..occasion }, &values),
        Err(NoMatch::OtherAccount)
    );
    assert_eq!(campaign.decide(&Occasion { quiz_id: "outro", ..occasion }, &values), Err(NoMatch::OtherQuiz));
    let abandoned = Occasion { trigger: Trigger::Abandoned, ..occasion };
    assert_eq!(campaign.decide(&abandoned, &values), Err(NoMatch::OtherAudience));
    let none = Response::default().example("emprestimo");
    assert_eq!(campaign.decide(&occasion, &none), Err(NoMatch::ConditionFails));
    for state in ["draft", "paused", "ended", "of a newer build"] {
        document["state"] = json!(state);
        assert_eq!(compile(&document).decide(&occasion, &values), Err(NoMatch::NotActive), "{state}");
    }
    document["state"] = json!("active");
    for (audience, completed, is_for_abandoned) in
        [("all", true, true), ("completed", true, false), ("abandoned", false, true)]
    {
        document["audience"] = json!(audience);
        let campaign = compile(&document);
        assert_eq!(campaign.decide(&occasion, &values).is_ok(), completed, "{audience}");
        assert_eq!(campaign.decide(&abandoned, &values).is_ok(), is_for_abandoned, "{audience}");
    }
}

#[test]
fn conditions_compare_as_a_quizs_logic_does() {
    let values = Response::default()
        .answer("motivo", json!("dividas"))
        .answer("valor", json!(5000.5))
        .answer("garantia", json!(false))
        .answer("prioridades", json!(["juros", "rapidez"]))
        .answer("nascimento", json!("1990-05-01"))
        .answer("nome", json!("Ana SOUZA"))
        .hidden("parceiro", "Loja-1")
        .example("emprestimo");
    let test =
        |variable: &str, is: &str, value: Value| json!({"variable": variable, "is": is, "value": value});
    let cases = [
        (test("answers.motivo", "equals", json!("dividas")), true),
        (test("answers.motivo", "equals", json!("Quitar dívidas")), false),
        (test("answers.motivo", "not_equals", json!("reforma")), true),
        (test("answers.valor", "greater", json!(5000)), true),
        (test("answers.valor", "less", json!(5000)), false),
        (test("answers.garantia", "equals", json!(false)), true),
        (test("answers.prioridades", "contains", json!("rapidez")), true),
        (test("answers.prioridades", "contains", json!("parcela")), false),
        (test("answers.nascimento", "less", json!("2000-01-01")), true),
        (test("answers.nome", "contains", json!("souza")), true),
        (test("hidden.parceiro", "equals", json!("Loja-1")), true),
        (test("score", "equals", json!(2)), true),
        (test("result.id", "equals", json!("pessoal")), true),
        // Without an answer.
        (test("answers.cnpj", "equals", json!("x")), false),
        (test("answers.cnpj", "not_equals", json!("x")), true),
        (json!({"variable": "answers.cnpj", "is": "not_answered"}), true),
        (json!({"variable": "answers.cnpj", "is": "answered"}), false),
        (json!({"variable": "utm.source", "is": "not_answered"}), true),
        // Of which this version knows nothing.
        (json!({"variable": "answers.no_such", "is": "not_answered"}), true),
        (test("answers.no_such", "not_equals", json!(1)), true),
        (test("answers.no_such", "equals", json!(1)), false),
        (test("answers.motivo", "resembles", json!("dividas")), false),
        (json!({"none": []}), false),
        (json!({"all": []}), true),
        (json!({"any": []}), false),
        (json!({"all": [test("score", "equals", json!(2)), test("score", "greater", json!(2))]}), false),
        (json!({"any": [test("score", "equals", json!(2)), test("score", "greater", json!(2))]}), true),
    ];
    for (condition, expected) in cases {
        assert_eq!(when(condition.clone()).matches(&values), expected, "{condition}");
    }
    assert!(compile(&sms("oi")).matches(&values));
}

#[test]
fn the_examples_say_what_they_should() {
    let values = Response::default()
        .named("Ana Souza")
        .answer("perfil", json!("pessoa"))
        .answer("valor", json!(5000))
        .answer("parcelas", json!(12))
        .answer("motivo", json!("dividas"))
        .answer("garantia", json!(true))
        .answer("autorizacao", json!(true))
        .example("emprestimo");
    let loan = example("emprestimo-sms");
    assert!(loan.matches(&values));
    let rendered = loan.render(0, &values).expect("rendered");
    assert_eq!(
        rendered.body,
        "Credito Claro: ola, Ana! Sua simulacao ficou pronta: Crédito com garantia, em 12 parcelas. Responda SIM e um \
         consultor liga hoje. Para sair, responda SAIR."
    );
    assert_eq!(
        (rendered.subject.as_str(), rendered.html.as_str(), rendered.provider_template),
        ("", "", None)
    );
    assert_eq!(loan.quiet_hours(), Some(QuietHours { from_minute: 1_260, to_minute: 480 }));
    assert_eq!(loan.frequency_cap(), Some(FrequencyCap { messages: 2, period_ms: 86_400_000 }));

    let course = example("cursos-email");
    let values = Response::default()
        .named("<script>Zé")
        .answer("momento", json!("crescer"))
        .answer("prioridades", json!(["preco", "mentoria"]))
        .answer("horas-por-semana", json!(12.5))
        .example("cursos");
    let rendered = course.render(0, &values).expect("rendered");
    assert_eq!(rendered.subject, "<script>Zé, a sua recomendação: Trilha Avançada");
    assert!(rendered.html.contains("<p>Olá, &lt;script&gt;Zé!</p>"));
    assert!(rendered.html.contains("<ol><li>Preço baixo</li><li>Mentoria</li></ol>"));
    assert!(rendered.html.contains("&amp;n=%3Cscript%3EZ%C3%A9\""));
    assert!(rendered.body.contains("(quero crescer onde estou)"));
    assert!(course.render(1, &values).expect("rendered").body.contains("Com 12.5 horas"));

    let diet = example("emagrecimento-whatsapp");
    let values = Response::default().answer("objetivo", json!("correr\n\n 5 km")).example("emagrecimento");
    let provider =
        diet.render(0, &values).expect("rendered").provider_template.expect("a provider's template");
    assert_eq!((provider.name.as_str(), provider.language.as_str()), ("termine_o_plano", "pt_BR"));
    assert_eq!(provider.parameters, ["tudo bem", "correr 5 km"]);
    assert!(diet.matches(&values));
    assert!(!diet.matches(&Response::default().answer("gestante", json!(true)).example("emagrecimento")));
}

#[test]
fn a_response_to_an_older_version_lacks_what_came_later() {
    let older = document(json!([text("nome")]), json!([]));
    let mut campaign = sms("{{ answers.nome }}: {{ answers.valor }}");
    campaign["when"] = json!({"variable": "answers.valor", "is": "not_answered"});
    campaign["defaults"] = json!({"answers.valor": "o que pediu"});
    let campaign = compile(&campaign);
    let values = Response::default().answer("nome", json!("Ana")).values("emprestimo", &older, &[]);
    assert!(campaign.matches(&values));
    assert_eq!(campaign.render(0, &values).expect("rendered").body, "Ana: o que pediu");
    let newer = Response::default().answer("nome", json!("Ana")).answer("valor", json!(7)).values(
        "emprestimo",
        &quiz("emprestimo"),
        &[],
    );
    assert_eq!(campaign.render(0, &newer).expect("rendered").body, "Ana: 7");
}

#[test]
fn what_this_build_does_not_know_is_an_error_and_not_a_panic() {
    let error = |change: (&str, Value)| {
        let mut document = sms("oi");
        document[change.0] = change.1;
        let document: CampaignDocument = serde_json::from_value(document).expect("a campaign");
        CompiledCampaign::new("c", "r", &document).expect_err("refused")
    };
    assert_eq!(error(("channel", json!("pigeon"))), CompileError::UnknownChannel);
    assert_eq!(error(("audience", json!("undecided"))), CompileError::UnknownAudience);
    let bad = json!([{"id": "s", "template": {"text": "{% include 'x' %}"}}]);
    assert!(matches!(error(("steps", bad)), CompileError::BadTemplate { step: 0, .. }));
}

/// Not a benchmark: only that the work stays near what 1,700 responses a second over 20 campaigns allow.
#[test]
fn twenty_campaigns_are_decided_and_rendered_in_little_time() {
    let campaign = example("emprestimo-sms");
    let document = quiz("emprestimo");
    let response = Response::default()
        .named("Ana")
        .answer("valor", json!(5000))
        .answer("autorizacao", json!(true))
        .hidden("parceiro", "x");
    let begin = std::time::Instant::now();
    let mut characters = 0;
    let values = response.values("emprestimo", &document, &[]);
    const ROUNDS: u32 = 2_000;
    for _ in 0..ROUNDS {
        assert!(campaign.matches(&values));
        characters += campaign.render(0, &values).expect("rendered").body.len();
    }
    let each = begin.elapsed() / ROUNDS;
    println!("{each:?} for a decision and a text of {} bytes", characters / ROUNDS as usize);
    assert!(each.as_millis() < 5, "{each:?}");
}
