//! What the tests of this folder share.

use serde_json::{Value, json};

use super::{CompiledQuiz, QuizDocument, check_definition, check_definition_value};

/// The quizzes of `docs/examples`, by file name.
pub(crate) fn examples() -> Vec<(&'static str, QuizDocument)> {
    let files = [
        ("cursos.json", include_bytes!("../../../docs/examples/cursos.json").as_slice()),
        ("emagrecimento.json", include_bytes!("../../../docs/examples/emagrecimento.json").as_slice()),
        ("emprestimo.json", include_bytes!("../../../docs/examples/emprestimo.json").as_slice()),
    ];
    files.map(|(name, bytes)| (name, check_definition(bytes, None).expect(name))).into()
}

/// A document of these elements and rules, with all else right.
pub(crate) fn document_json(elements: Value, logic: Value) -> Value {
    json!({
        "accountId": "conta",
        "title": "Teste",
        "language": "pt-BR",
        "timeZone": "America/Sao_Paulo",
        "elements": elements,
        "logic": logic,
    })
}

pub(crate) fn document(elements: Value, logic: Value) -> QuizDocument {
    check_definition_value(&document_json(elements, logic), None).expect("a right document")
}

pub(crate) fn compiled(elements: Value, logic: Value) -> CompiledQuiz {
    CompiledQuiz::new(&document(elements, logic), &[])
}

/// An optional question whose answer is one line of text.
pub(crate) fn text(id: &str) -> Value {
    json!({"id": id, "type": "short_text", "label": "?"})
}

/// An optional question with these choices.
pub(crate) fn choice(id: &str, choices: &[&str]) -> Value {
    let choices: Vec<Value> = choices.iter().map(|id| json!({"id": id, "label": id})).collect();
    json!({"id": id, "type": "single_choice", "label": "?", "choices": choices})
}
