use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::campaign::testing::Response;

fn values() -> VariableValues {
    Response::default()
        .named("Ana <b>Souza</b> & \"Cia\"")
        .answer("motivo", json!("capital-de-giro"))
        .answer("parcelas", json!(12))
        .answer("nome", json!("{{ score }}{% raw %}"))
        .example("emprestimo")
}

fn render_as(source: &str, kind: TextKind, max_chars: usize) -> Result<String, RenderError> {
    let defaults = BTreeMap::from([("hidden.parceiro".to_owned(), "a casa".to_owned())]);
    let template = Template::compile(source, kind, max_chars).expect("a template");
    template.render(&Context::new(&values(), &Arc::new(defaults)))
}

fn render(source: &str) -> Result<String, RenderError> {
    render_as(source, TextKind::Plain, 1_000)
}

fn codes(source: &str) -> Vec<&'static str> {
    match analyse(source) {
        Ok(analysis) => analysis.faults.into_iter().map(|fault| fault.code).collect(),
        Err(fault) => vec![fault.code],
    }
}

fn variables(source: &str) -> Vec<String> {
    analyse(source).expect("a template").variables.into_iter().collect()
}

#[test]
fn variables_filters_and_branches_are_rendered() {
    for (source, expected) in [
        ("Oi, {{ contact.first_name }}!", "Oi, Ana!"),
        ("{{ answers.motivo }} em {{ answers.parcelas }}x", "Capital de giro em 12x"),
        ("{{ score }}", "3"),
        ("de {{ hidden.parceiro }}{{ hidden.gclid }}.", "de a casa."),
        ("{{ hidden.gclid | default('nada') }}", "nada"),
        ("{% if hidden.gclid %}sim{% else %}não{% endif %}", "não"),
        ("{% if score|int >= 3 and answers.parcelas|float < 12.5 %}sim{% endif %}", "sim"),
        ("{{ answers.parcelas|int * 2 + 1 }}", "25"),
        ("{{ hidden.gclid|int }} {{ 'x'|int(default=7) }} {{ '3.9'|int }}", "0 7 3"),
        ("{% set n = contact.first_name|upper %}{{ n }} {{ n|lower|capitalize }}", "ANA Ana"),
        (
            "{% for part in answers.motivo|split(' ') %}{{ loop.index }}:{{ part }};{% endfor %}",
            "1:Capital;2:de;3:giro;",
        ),
        ("{% if loop %}{% endif %}x", "x"),
        ("{{ 'a b&c'|urlencode }}", "a%20b%26c"),
        ("{% raw %}{{ score }}{% endraw %}", "{{ score }}"),
        ("{# nada #}x", "x"),
        ("{{ answers.motivo[:7] }}", "Capital"),
        ("{% if 'giro' in answers.motivo %}g{% endif %}", "g"),
        ("{% if answers.motivo is startingwith('Cap') %}c{% endif %}", "c"),
        ("{{ answers.in }}{{ answers.not }}{{ answers.if }}.", "."),
        ("{{ answers._50_mais }}.", "."),
        // A stranger's text is never a template itself.
        ("{{ answers.nome }}", "{{ score }}{% raw %}"),
    ] {
        assert_eq!(render(source).as_deref(), Ok(expected), "{source}");
    }
}

#[test]
fn only_html_is_escaped() {
    let source = "<p>{{ contact.name }}</p>";
    assert_eq!(render(source).as_deref(), Ok("<p>Ana <b>Souza</b> & \"Cia\"</p>"));
    let escaped = render_as(source, TextKind::Html, 1_000).expect("rendered");
    assert_eq!(escaped, "<p>Ana &lt;b&gt;Souza&lt;&#x2f;b&gt; &amp; &quot;Cia&quot;</p>");
    // Also what a variable stands in for.
    let set = "{% set n %}{{ contact.name }}{% endset %}{% for x in [n] %}{{ x ~ contact.name }}{% endfor %}";
    assert!(!render_as(set, TextKind::Html, 2_000).expect("rendered").contains("<b>"));
}

#[test]
fn output_is_bounded_in_characters_while_it_is_written() {
    assert_eq!(render_as("ããã{{ score }}", TextKind::Plain, 4).as_deref(), Ok("ããã3"));
    assert_eq!(render_as("ãããã{{ score }}", TextKind::Plain, 4), Err(RenderError::TooLong { max_chars: 4 }));
    let endless = "{% for a in 'aaaaaaaaaa'|split('a') %}{% for b in 'aaaaaaaaaa'|split('a') %}xxxxxxxxxx{% endfor %}{% endfor %}";
    assert_eq!(render_as(endless, TextKind::Plain, 100), Err(RenderError::TooLong { max_chars: 100 }));
}

#[test]
fn work_is_bounded() {
    let ten = "[1,2,3,4,5,6,7,8,9,0]";
    let mut loops = String::new();
    for depth in 0..8 {
        loops.push_str(&format!("{{% for v{depth} in {ten} %}}"));
    }
    loops.push_str(&"{% endfor %}".repeat(8));
    assert_eq!(render(&loops), Err(RenderError::OutOfFuel));
    // Doubling a text without writing it.
    let doubling = format!("{{% set s = 'aaaaaaaa' %}}{}", "{% set s = s ~ s %}".repeat(60));
    assert_eq!(render(&doubling), Err(RenderError::OutOfFuel));
    let replacing =
        format!("{{% set s = 'aaaaaaaa' %}}{}", "{% set s = s|replace('a', 'aaaaaaaa') %}".repeat(30));
    assert_eq!(render(&replacing), Err(RenderError::OutOfFuel));
    let joined = format!("{{{{ {ten}|join('{}')|length }}}}", "x".repeat(1_000));
    assert!(render(&joined).is_ok());
}

#[test]
fn what_fails_and_what_is_empty_are_told_apart() {
    assert_eq!(render("{{ 1 // (hidden.gclid|int) }}"), Err(RenderError::Failed));
    assert_eq!(render("{{ hidden.gclid }} \n"), Err(RenderError::Empty));
}

#[test]
fn rendering_is_the_same_each_time() {
    let source = "{% for part in answers.motivo|split(' ') %}{{ part|upper }}{{ score }}{% endfor %}";
    let first = render(source);
    for _ in 0..20 {
        assert_eq!(render(source), first);
    }
}

#[test]
fn variables_are_found_on_every_branch() {
    assert_eq!(
        variables(
            "{% if score|int > 9 %}{{ answers.a }}{% elif utm.term %}{{ b }}{% else %}{{ c.d if e else f.g }}{% endif %}"
        ),
        ["answers.a", "b", "c.d", "e", "f.g", "score", "utm.term"]
    );
    assert_eq!(
        variables("{% for x in hidden.a|split(y) if z.q %}{{ x }}{% else %}{{ x }}{% endfor %}"),
        ["hidden.a", "x", "y", "z.q"]
    );
    assert_eq!(
        variables("{% set v = answers.a %}{{ v }}{% set w %}{{ answers.b }}{% endset %}{{ w }}"),
        ["answers.a", "answers.b"]
    );
    assert_eq!(
        variables("{{ 'x' ~ answers.a | default(answers.b) is startingwith(answers.c) }}"),
        ["answers.a", "answers.b", "answers.c"]
    );
    // A whole group is no variable, so nothing can be looked up in it that is not written down.
    assert_eq!(variables("{% set a = answers %}{{ a }}"), ["answers"]);
    assert_eq!(variables("{{ contact|upper }}{{ [answers.x[1:2]] }}"), ["answers.x", "contact"]);
    assert_eq!(variables("só texto"), Vec::<String>::new());
}

#[test]
fn what_cannot_be_checked_or_would_not_end_is_refused() {
    for (source, code) in [
        ("{{ answers['valor'] }}", "not_allowed"),
        ("{{ answers[utm.source] }}", "not_allowed"),
        ("{{ answers.valor.x }}", "not_allowed"),
        ("{% set a = answers.valor %}{{ a.x }}", "not_allowed"),
        ("{{ range(1000000000) }}", "not_allowed"),
        ("{{ debug() }}", "not_allowed"),
        ("{{ answers.valor.format('x') }}", "not_allowed"),
        ("{{ {'a': 1} }}", "not_allowed"),
        ("{% do range(3) %}", "not_allowed"),
        ("{% with a = 1 %}{{ a }}{% endwith %}", "not_allowed"),
        ("{% filter upper %}a{% endfilter %}", "not_allowed"),
        ("{% autoescape false %}{{ contact.name }}{% endautoescape %}", "not_allowed"),
        ("{% for x in [1] recursive %}{% endfor %}", "not_allowed"),
        ("{{ 9 ** 9 ** 9 }}", "not_allowed"),
        ("{{ contact.name|safe }}", "unknown_filter"),
        ("{{ contact|tojson }}", "unknown_filter"),
        ("{% if false %}{{ contact.name|nosuch }}{% endif %}", "unknown_filter"),
        ("{{ [1]|map('upper') }}", "unknown_filter"),
        ("{% if contact.name is defined %}{% endif %}", "unknown_test"),
        ("{% if score > 5 %}{% endif %}", "not_a_number"),
        ("{% if score == 5 %}{% endif %}", "not_a_number"),
        ("{% if 1 < score|int < answers.valor %}{% endif %}", "not_a_number"),
        ("{{ score * 2 }}", "not_a_number"),
        ("{{ 'a' * 1000000 }}", "not_a_number"),
        ("{{ 'a' + 'b' }}", "not_a_number"),
        ("{% set answers = 1 %}", "reserved_name"),
        ("{% for contact in [1] %}{% endfor %}", "reserved_name"),
        ("{% for a, score in [[1, 2]] %}{% endfor %}", "reserved_name"),
        ("{% set loop = 1 %}", "bad_template"),
        ("{% include 'x' %}", "bad_template"),
        ("{% import 'x' as y %}", "bad_template"),
        ("{% extends 'x' %}", "bad_template"),
        ("{% block x %}{% endblock %}", "bad_template"),
        ("{% macro m() %}{{ m() }}{% endmacro %}", "bad_template"),
        ("{% break %}", "bad_template"),
        ("{{ contact.name", "bad_template"),
        ("{% if x %}", "bad_template"),
        ("{{ }}", "bad_template"),
        ("{{ 1 | }}", "bad_template"),
    ] {
        let found = codes(source);
        assert!(found.contains(&code), "{source}: {found:?}");
    }
    // Deeper than the parser goes, and no overflow of the stack.
    for nested in [
        format!("{{{{ {}1{} }}}}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("{{{{ {}1 }}}}", "not ".repeat(100_000)),
        format!("{{{{ {}1 }}}}", "-".repeat(100_000)),
        "{% if a %}".repeat(100_000),
        format!("{{{{ a{} }}}}", ".b".repeat(100_000)),
        format!("{{{{ a{} }}}}", "|upper".repeat(100_000)),
        format!("{{{{ 1{} }}}}", "+1".repeat(100_000)),
        format!("{{{{ 'a'{} }}}}", "~'a'".repeat(100_000)),
        format!("{{{{ {}1{} }}}}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("{{% if a %}}{}{{% endif %}}", "{% elif a %}".repeat(20_000)),
        "{% set a = 1 %}".repeat(20_000),
    ] {
        assert_eq!(codes(&nested), ["bad_template"]);
        assert!(Template::compile(&nested, TextKind::Plain, 10).is_err());
    }
    // As deep as it may be.
    for nested in [
        format!("{{% if a %}}{}{{% else %}}y{{% endif %}}", "{% elif a %}x".repeat(197)),
        format!("{{{{ 'a'{} }}}}", "~'a'".repeat(99)),
        format!("{{{{ 'a'{} }}}}", "|upper".repeat(99)),
        "{% if 1 %}x".repeat(100) + &"{% endif %}".repeat(100),
    ] {
        assert_eq!(codes(&nested), Vec::<&str>::new());
        let template = Template::compile(&nested, TextKind::Plain, 1_000).expect("a template");
        template.render(&Context::new(&values(), &Arc::default())).expect("rendered");
    }
}

#[test]
fn every_filter_and_test_that_is_allowed_is_there() {
    let known = |source: &str| Template::compile(source, TextKind::Plain, 1_000).expect(source);
    let nothing = Arc::new(BTreeMap::new());
    for filter in super::super::template_analysis::FILTERS {
        let argument = if matches!(filter, "replace") { "('a', 'b')" } else { "" };
        let source = match filter {
            "abs" | "round" => format!("{{{{ 1|{filter} }}}}"),
            _ => format!("{{{{ 'a'|{filter}{argument} }}}}"),
        };
        let rendered = known(&source).render(&Context::new(&values(), &nothing));
        assert!(rendered.is_ok(), "{source}: {rendered:?}");
        assert_eq!(codes(&source), Vec::<&str>::new());
    }
    for test in super::super::template_analysis::TESTS {
        let argument = if test.ends_with("with") { "('a')" } else { "" };
        let subject = if test.ends_with("with") { "'a'" } else { "2" };
        let source = format!("{{{{ {subject} is {test}{argument} }}}}");
        let rendered = known(&source).render(&Context::new(&values(), &nothing));
        assert!(rendered.is_ok(), "{source}: {rendered:?}");
    }
}

#[test]
fn errors_hold_nothing_of_the_response() {
    for error in [
        RenderError::OutOfFuel,
        RenderError::TooLong { max_chars: 5 },
        RenderError::Empty,
        RenderError::Failed,
    ] {
        assert!(!error.to_string().contains("Ana") && !format!("{error:?}").contains("Ana"));
    }
}

/// Sources put together of the language's own words.
fn source() -> impl Strategy<Value = String> {
    let pieces = [
        "{{ ",
        " }}",
        "{% ",
        " %}",
        "{%- ",
        " -%}",
        "{# ",
        " #}",
        "if ",
        "elif ",
        "else",
        "endif",
        "for ",
        "x ",
        " in ",
        "endfor",
        "set ",
        "= ",
        "endset",
        "raw",
        "endraw",
        "answers.motivo",
        "contact",
        "score",
        ".",
        "|",
        "int",
        "upper",
        "split('a')",
        "replace('a', 'bb')",
        "join(",
        ")",
        "(",
        "[1,2,3]",
        "[",
        "]",
        "'",
        "'a'",
        "~",
        "+",
        "-",
        "*",
        "//",
        "0",
        "7",
        "is ",
        "not ",
        "odd",
        "and ",
        "or ",
        "<",
        "==",
        "loop.index",
        "range(9)",
        "\n",
        "texto ",
    ];
    let piece = proptest::sample::select(pieces.to_vec());
    // Half of them with whole tags, so that some are right.
    let tag = (piece.clone(), piece.clone()).prop_map(|(one, other)| format!("{{{{ {one}{other} }}}}"));
    let item = prop_oneof![piece.prop_map(str::to_owned), tag];
    proptest::collection::vec(item, 0..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_source_does_more_than_fail(source in source()) {
        let judged = analyse(&source);
        let Ok(template) = Template::compile(&source, TextKind::Html, 50) else {
            prop_assert!(judged.is_err());
            return Ok(());
        };
        match template.render(&Context::new(&values(), &Arc::default())) {
            Ok(text) => prop_assert!(text.chars().count() <= 50 && !text.trim().is_empty()),
            Err(error) => prop_assert!(!error.code().is_empty()),
        }
    }

    #[test]
    fn any_text_at_all_is_judged_without_a_panic(source in any::<String>()) {
        let _ = analyse(&source);
        let _ = Template::compile(&source, TextKind::Plain, 50);
    }
}
