use serde_json::{Value as Json, json};

use crate::campaign::testing::{RESPONSE_ID, Response, quiz};
use crate::definition::testing::{document, text};
use crate::events::{AnswerValue, RetiredElement, Utm};

#[test]
fn each_kind_of_answer_is_put_into_words() {
    let cases: Vec<(&str, &str, Json, &str)> = vec![
        ("emprestimo", "perfil", json!("empresa"), "Para a minha empresa"),
        ("emprestimo", "motivo", json!("capital-de-giro"), "Capital de giro"),
        // A choice that no version held has the words of a stranger.
        ("emprestimo", "motivo", json!("evil.com agora"), "agora"),
        ("emprestimo", "valor", json!(1234.5), "1234.5"),
        ("emprestimo", "valor", json!(20000.0), "20000"),
        ("emprestimo", "valor", json!(-0.0), "0"),
        ("emprestimo", "parcelas", json!(12.0), "12"),
        ("emprestimo", "garantia", json!(true), "Sim"),
        ("emprestimo", "garantia", json!(false), "Não"),
        ("emprestimo", "prioridades", json!(["rapidez", "juros"]), "Dinheiro rápido na conta, Juros baixos"),
        ("emprestimo", "cpf", json!("12345678909"), "12345678909"),
        ("emprestimo", "nascimento", json!("1990-02-28"), "1990-02-28"),
        ("emprestimo", "email", json!("ana@exemplo.com.br"), "ana@exemplo.com.br"),
        ("emprestimo", "celular", json!("+5511987654321"), "+5511987654321"),
        ("emprestimo", "nome", json!("Ana\u{202e} http://x.y Souza"), "Ana Souza"),
        (
            "emprestimo",
            "endereco",
            json!({"cep": "01310100", "city": "São Paulo", "number": "10", "state": "SP", "street": "Av. Paulista"}),
            "Av. Paulista, 10, São Paulo, SP, 01310100",
        ),
        ("cursos", "ja-programou", json!(true), "Já, sim"),
        ("cursos", "ja-programou", json!(false), "Ainda não"),
        ("cursos", "linguagens", json!(["sql", "cobol www.x.y", "php"]), "SQL, cobol, PHP"),
        ("cursos", "horas-por-semana", json!(7.5), "7.5"),
        ("cursos", "recomendaria", json!(9), "9"),
        (
            "cursos",
            "habilidades",
            json!({"ingles": "medio", "criatividade": "forte"}),
            "Criatividade: Forte, Inglês: Médio",
        ),
        ("cursos", "sonho", json!("Ser feliz {{ score }} <b>"), "Ser feliz {{ score }} <b>"),
    ];
    for (quiz_id, element, answer, words) in cases {
        let values = Response::default().answer(element, answer.clone()).example(quiz_id);
        let name = format!("answers.{}", element.replace('-', "_"));
        assert_eq!(values.words(&name).as_deref(), Some(words), "{element}: {answer}");
        let kept: AnswerValue = serde_json::from_value(answer).expect("an answer");
        assert_eq!(values.value(&name), Some(&kept));
    }
}

#[test]
fn everything_beside_the_answers_has_a_name() {
    let mut response =
        Response::default().named("  Ana   Maria Souza").hidden("parceiro", "loja 1").hidden("gclid", " ");
    response.email = Some("ana@exemplo.com.br".to_owned());
    response.phone = Some("+5511987654321".to_owned());
    response.utm = Utm { source: "face\u{7}book".to_owned(), ..Utm::default() };
    let values =
        response.answer("perfil", json!("empresa")).answer("garantia", json!(true)).example("emprestimo");
    let expected = [
        ("hidden.parceiro", Some("loja 1")),
        ("hidden.gclid", None),
        ("hidden.campanha_id", None),
        ("utm.source", Some("facebook")),
        ("utm.medium", None),
        ("score", Some("7")),
        ("result.id", Some("com-garantia")),
        ("result.title", Some("Crédito com garantia")),
        ("contact.name", Some("Ana Maria Souza")),
        ("contact.first_name", Some("Ana")),
        ("contact.email", Some("ana@exemplo.com.br")),
        ("contact.phone", Some("+5511987654321")),
        ("quiz.id", Some("emprestimo")),
        ("quiz.title", Some("Simule o seu empréstimo em 3 minutos")),
        ("response.id", Some(RESPONSE_ID)),
        ("answers.nome", None),
        ("answers.no_such", None),
    ];
    for (name, words) in expected {
        assert_eq!(values.words(name).as_deref(), words, "{name}");
    }
    assert_eq!(values.value("utm.source"), Some(&AnswerValue::Text("face\u{7}book".to_owned())));
}

#[test]
fn an_address_that_reads_as_a_link_is_not_shown() {
    for (email, words) in [
        ("ana.souza+quiz@exemplo.com.br", Some("ana.souza+quiz@exemplo.com.br")),
        ("joão_d'ávila@açaí.com.br", Some("joão_d'ávila@açaí.com.br")),
        ("banco.example/pix@a.com", None),
        ("\"http://banco.example\"@a.com", None),
        ("ana\u{202e}@a.com", None),
    ] {
        let mut response = Response::default().answer("email", json!(email));
        response.email = Some(email.to_owned());
        let values = response.example("emprestimo");
        assert_eq!(values.words("answers.email").as_deref(), words, "{email}");
        assert_eq!(values.words("contact.email").as_deref(), words, "{email}");
        assert_eq!(values.value("contact.email"), Some(&AnswerValue::Text(email.to_owned())));
    }
}

#[test]
fn nothing_is_longer_than_a_variable_may_be() {
    let many: Vec<String> = (0..200).map(|number| format!("cobol{number}")).collect();
    let values = Response::default()
        .answer("linguagens", json!(many))
        .answer("sonho", json!("é".repeat(600)))
        .named(&"N".repeat(500))
        .example("cursos");
    for (name, max_chars) in [
        ("answers.linguagens", 200),
        ("answers.sonho", 200),
        ("contact.name", 120),
        ("contact.first_name", 40),
    ] {
        assert_eq!(values.words(name).expect(name).chars().count(), max_chars, "{name}");
    }
}

#[test]
fn answers_to_retired_and_unknown_elements_are_there_too() {
    let mut quiz = document(json!([text("a")]), json!([]));
    quiz.elements[0].element_type = "telepathy".to_owned();
    let gone = RetiredElement {
        element_id: "old".to_owned(),
        element_type: "single_choice".to_owned(),
        choices: vec!["x".to_owned()],
    };
    let values = Response::default()
        .answer("a", json!("veja www.x.y isto"))
        .answer("old", json!("x"))
        .values("q", &quiz, &[gone]);
    assert_eq!(values.words("answers.a").as_deref(), Some("veja isto"));
    // Its label is not kept.
    assert_eq!(values.words("answers.old").as_deref(), Some("x"));
}

#[test]
fn no_words_are_longer_than_what_templates_are_tried_with() {
    let documents = ["emprestimo", "cursos", "emagrecimento"].map(|id| (id, quiz(id)));
    let mut rng = rand::rng();
    for (quiz_id, document) in documents {
        let compiled = crate::definition::CompiledQuiz::new(&document, &[]);
        for _ in 0..100 {
            let mut response = Response::default();
            for (element, answer) in crate::definition::sample_answers(&document, &compiled, &mut rng) {
                if let Ok(answer) = serde_json::from_value(answer) {
                    response.answers.insert(element, answer);
                }
            }
            let values = response.values(quiz_id, &document, &[]);
            for variable in values.variables().iter() {
                let words = values.words(&variable.name).unwrap_or_default();
                let longest = variable.wording.longest();
                assert!(words.chars().count() <= longest.chars().count(), "{}: {words}", variable.name);
            }
        }
    }
}
