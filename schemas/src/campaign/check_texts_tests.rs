use serde_json::{Value, json};

use super::tests::{expect, right, with};
use crate::campaign::testing::{quiz, sms};
use crate::campaign::{CampaignContext, check_campaign_value};

#[test]
fn each_channel_has_its_texts() {
    let at = |name: &str| format!("/steps/0/template/{name}");
    let provider = json!({"name": "oi", "language": "pt_BR"});
    // Channel, what is put where, the problem.
    let cases: Vec<(&str, &str, Option<Value>, String, &str)> = vec![
        ("sms", "subject", Some(json!("x")), at("subject"), "not_for_channel"),
        ("sms", "html", Some(json!("x")), at("html"), "not_for_channel"),
        ("sms", "providerTemplate", Some(provider.clone()), at("providerTemplate"), "not_for_channel"),
        ("voice", "subject", Some(json!("x")), at("subject"), "not_for_channel"),
        ("voice", "text", None, at("text"), "missing"),
        ("email", "subject", None, at("subject"), "missing"),
        ("email", "providerTemplate", Some(provider), at("providerTemplate"), "not_for_channel"),
        ("whatsapp", "providerTemplate", None, at("text"), "missing"),
        ("whatsapp", "text", Some(json!("x")), at("providerTemplate"), "not_both"),
        ("whatsapp", "subject", Some(json!("x")), at("subject"), "not_for_channel"),
        ("whatsapp", "providerTemplate/name", Some(json!("Oi")), at("providerTemplate/name"), "bad_name"),
        ("whatsapp", "providerTemplate/name", None, at("providerTemplate/name"), "missing"),
        (
            "whatsapp",
            "providerTemplate/language",
            Some(json!("português")),
            at("providerTemplate/language"),
            "bad_language",
        ),
        (
            "whatsapp",
            "providerTemplate/parameters",
            Some(json!("x")),
            at("providerTemplate/parameters"),
            "wrong_type",
        ),
        (
            "whatsapp",
            "providerTemplate/parameters/1",
            Some(json!(1)),
            at("providerTemplate/parameters/1"),
            "wrong_type",
        ),
        (
            "whatsapp",
            "providerTemplate/parameters/1",
            Some(json!("")),
            at("providerTemplate/parameters/1"),
            "empty",
        ),
        (
            "whatsapp",
            "providerTemplate/parameters/1",
            Some(json!("{{ contact.nome }}")),
            at("providerTemplate/parameters/1"),
            "unknown_variable",
        ),
        (
            "whatsapp",
            "providerTemplate/parameters/1",
            Some(json!("{{ contact.email }}")),
            at("providerTemplate/parameters/1"),
            "renders_empty",
        ),
    ];
    for (channel, name, value, pointer, code) in cases {
        expect(&with(channel, &at(name), value), &[(&pointer, code)]);
    }
    // One of the two is enough.
    expect(&with("email", &at("html"), None), &[]);
    expect(&with("email", &at("text"), None), &[]);
    let neither = json!({"subject": "Oi"});
    expect(&with("email", "/steps/0/template", Some(neither)), &[(&at("text"), "missing")]);
    expect(&with("whatsapp", "/steps/0/template", Some(json!({"text": "Oi"}))), &[]);
    expect(&with("sms", "/steps/0/template", None), &[("/steps/0/template", "missing")]);
    expect(&with("sms", "/steps/0/template", Some(json!("Oi"))), &[("/steps/0/template", "wrong_type")]);
}

#[test]
fn templates_are_checked_on_all_branches_and_tried_out() {
    let text = |source: &str| sms(source);
    let at = "/steps/0/template/text";
    for (source, code) in [
        ("Oi {{ nome }}", "unknown_variable"),
        ("Oi {% if false %}{{ answers.no_such }}{% endif %}", "unknown_variable"),
        ("Oi {{ answers }}", "unknown_variable"),
        ("Oi {{ contact.name", "bad_template"),
        ("Oi {% include 'x' %}", "bad_template"),
        ("Oi {{ range(9) }}", "not_allowed"),
        ("Oi {{ contact.name|nosuch }}", "unknown_filter"),
        ("Oi {% if score > 3 %}x{% endif %}", "not_a_number"),
        ("Oi {% set score = 1 %}", "reserved_name"),
        ("{{ contact.name }}", "renders_empty"),
        ("Oi {{ 1 // (answers.parcelas|int) }}", "render_failed"),
        // Five texts of strangers, 200 characters each.
        (
            "Oi {{ hidden.parceiro }}{{ hidden.gclid }}{{ utm.source }}{{ utm.term }}{{ contact.name }}",
            "too_long",
        ),
    ] {
        expect(&text(source), &[(at, code)]);
    }
    let loops = format!("Oi {}{}", "{% for a in [1,2,3,4,5,6,7,8,9] %}".repeat(8), "{% endfor %}".repeat(8));
    expect(&text(&loops), &[(at, "out_of_fuel")]);
    // Two faults of one template are two problems.
    expect(&text("{{ a }}{{ b.c }}{{ d|e(f) }}"), &[(at, "unknown_variable"); 4]);
    // Choices, numbers and yes or no are as long as they can be, no longer.
    expect(
        &text(
            "Oi {{ answers.motivo }}{{ answers.perfil }}{{ score }}{{ answers.garantia }}{{ contact.phone }}{{ answers.cpf }}",
        ),
        &[],
    );

    let mut html = right("email");
    html["steps"][0]["template"]["html"] = json!(format!("<p>{}</p>", "{{ utm.term }}".repeat(60)));
    expect(&html, &[("/steps/0/template/html", "too_long")]);
    html["steps"][0]["template"]["html"] = json!(format!("<p>{}</p>", "{{ utm.term }}".repeat(40)));
    expect(&html, &[]);
    html["steps"][0]["template"]["subject"] = json!("x{{ utm.term }}");
    expect(&html, &[("/steps/0/template/subject", "too_long")]);
}

#[test]
fn the_fixed_part_of_an_sms_is_three_segments_at_most() {
    let text = |fixed: &str| sms(&format!("{fixed}{{{{ contact.first_name }}}}"));
    let too_many = [("/steps/0/template/text", "too_many_segments")];
    expect(&text(&"a".repeat(459)), &[]);
    expect(&text(&"a".repeat(460)), &too_many);
    expect(&text(&"ã".repeat(201)), &[]);
    expect(&text(&"ã".repeat(202)), &too_many);
    // A default is a part of it.
    let mut document = text(&"a".repeat(459));
    document["defaults"] = json!({"contact.first_name": "a"});
    expect(&document, &too_many);
    let context_quiz = quiz("emprestimo");
    let context = CampaignContext { quiz: &context_quiz, quiz_id: "emprestimo", retired: &[], former: &[] };
    let problems = check_campaign_value(&text(&"ã".repeat(300)), &context).expect_err("refused");
    assert!(
        problems[0].detail.contains("5 segments") && problems[0].detail.contains("3 are allowed"),
        "{problems:?}"
    );
    // Other channels have no segments.
    document["channel"] = json!("voice");
    document["steps"][0]["template"]["text"] = json!("a".repeat(1_000));
    expect(&document, &[]);
}
