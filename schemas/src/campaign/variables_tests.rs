use serde_json::json;

use super::*;
use crate::campaign::testing::quiz;
use crate::definition::testing::{document, text};

fn retired(id: &str, element_type: &str, choices: &[&str]) -> RetiredElement {
    RetiredElement {
        element_id: id.to_owned(),
        element_type: element_type.to_owned(),
        choices: choices.iter().map(|choice| (*choice).to_owned()).collect(),
    }
}

#[test]
fn the_example_quiz_has_all_its_names() {
    let variables = Variables::of_quiz("emprestimo", &quiz("emprestimo"), &[]);
    let names: Vec<&str> = variables.iter().map(|variable| variable.name.as_str()).collect();
    let expected = "answers.perfil answers.cnpj answers.faturamento answers.valor answers.parcelas answers.motivo \
         answers.dividas answers.garantia answers.prioridades answers.nome answers.cpf answers.nascimento \
         answers.endereco answers.celular answers.email answers.horario answers.autorizacao hidden.parceiro \
         hidden.gclid hidden.campanha_id utm.source utm.medium utm.campaign utm.term utm.content score result.id \
         result.title contact.name contact.first_name contact.email contact.phone quiz.id quiz.title response.id";
    assert_eq!(names, expected.split_whitespace().collect::<Vec<_>>());
    assert_eq!(variables.ambiguous_names(), Vec::<&str>::new());
    let valor = variables.find("answers.valor").expect("known");
    assert_eq!(valor.source, VariableSource::Answer { element_id: "valor".to_owned() });
    assert!(
        matches!(variables.find("answers.boas_vindas"), Err(NameError::Unknown)),
        "content has no answer"
    );
}

#[test]
fn ids_become_identifiers() {
    for (id, part) in [
        ("horas-por-semana", "horas_por_semana"),
        ("5-a-15kg", "_5_a_15kg"),
        ("utm.id", "utm_id"),
        ("_x", "_x"),
        ("Xx", "Xx"),
    ] {
        assert_eq!(name_part(id), part);
    }
}

#[test]
fn two_ids_of_one_name_are_ambiguous() {
    let mut quiz = document(json!([text("a-b"), text("a_b"), text("c")]), json!([]));
    quiz.hidden_fields = vec!["x.y".to_owned(), "x-y".to_owned(), "x_y".to_owned(), "z".to_owned()];
    let variables = Variables::of_quiz("q", &quiz, &[]);
    assert_eq!(variables.ambiguous_names(), ["answers.a_b", "hidden.x_y"]);
    assert!(matches!(variables.find("answers.a_b"), Err(NameError::Ambiguous)));
    assert!(variables.find("answers.c").is_ok() && variables.find("hidden.z").is_ok());
}

#[test]
fn elements_of_former_versions_have_names_unless_one_of_this_version_has_it() {
    let quiz = document(json!([text("a-b"), text("c")]), json!([]));
    let gone = [
        retired("a_b", "email", &[]),
        retired("old", "single_choice", &["x", "y"]),
        retired("title", "heading", &[]),
    ];
    let variables = Variables::of_quiz("q", &quiz, &gone);
    let current = variables.find("answers.a_b").expect("the one of this version");
    assert_eq!(current.source, VariableSource::Answer { element_id: "a-b".to_owned() });
    let old = variables.find("answers.old").expect("retired");
    assert_eq!(old.source, VariableSource::RetiredAnswer { element_id: "old".to_owned() });
    assert_eq!(old.comparable.offered, Some(vec!["x".to_owned(), "y".to_owned()]));
    assert!(variables.find("answers.title").is_err());
}
