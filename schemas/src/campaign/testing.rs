//! What the tests of this folder share.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Contact, ResponseFacts, VariableValues, Variables};
use crate::definition::testing::examples;
use crate::definition::{CompiledQuiz, Outcome, QuizDocument, outcome};
use crate::events::{AnswerValue, RetiredElement, Utm};

/// An example quiz by its id.
pub(super) fn quiz(id: &str) -> QuizDocument {
    let file = format!("{id}.json");
    examples().into_iter().find(|(name, _)| *name == file).map(|(_, document)| document).expect(id)
}

/// The campaigns of `docs/examples/campaigns`, by file name.
pub(super) fn example_campaigns() -> Vec<(&'static str, Value)> {
    let files = [
        ("emprestimo-sms", include_str!("../../../docs/examples/campaigns/emprestimo-sms.json")),
        ("cursos-email", include_str!("../../../docs/examples/campaigns/cursos-email.json")),
        (
            "emagrecimento-whatsapp",
            include_str!("../../../docs/examples/campaigns/emagrecimento-whatsapp.json"),
        ),
    ];
    files.map(|(name, text)| (name, serde_json::from_str(text).expect(name))).into()
}

/// A response, of which each part may be replaced.
#[derive(Debug, Clone, Default)]
pub(super) struct Response {
    pub(super) answers: BTreeMap<String, AnswerValue>,
    pub(super) hidden: BTreeMap<String, String>,
    pub(super) utm: Utm,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) phone: Option<String>,
}

pub(super) const RESPONSE_ID: &str = "01890a5d-ac96-774b-8567-0e02b2c3d479";

impl Response {
    pub(super) fn answer(mut self, element_id: &str, answer: Value) -> Self {
        let answer = serde_json::from_value(answer).expect("an answer");
        self.answers.insert(element_id.to_owned(), answer);
        self
    }

    pub(super) fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    pub(super) fn hidden(mut self, name: &str, value: &str) -> Self {
        self.hidden.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(super) fn values(
        &self,
        quiz_id: &str,
        document: &QuizDocument,
        retired: &[RetiredElement],
    ) -> VariableValues {
        let variables = Arc::new(Variables::of_quiz(quiz_id, document, retired));
        let outcome: Outcome = outcome(document, &CompiledQuiz::new(document, retired), &self.answers);
        let contact = Contact {
            name: self.name.as_deref(),
            email: self.email.as_deref(),
            phone: self.phone.as_deref(),
        };
        let facts = ResponseFacts {
            answers: &self.answers,
            hidden: &self.hidden,
            utm: &self.utm,
            outcome: &outcome,
            contact,
            response_id: RESPONSE_ID,
        };
        VariableValues::gather(&variables, &facts)
    }

    pub(super) fn example(&self, quiz_id: &str) -> VariableValues {
        self.values(quiz_id, &quiz(quiz_id), &[])
    }
}

/// A right SMS campaign for the quiz about loans, with this text.
pub(super) fn sms(text: &str) -> Value {
    json!({
        "accountId": "conta-credito-claro",
        "quizId": "emprestimo",
        "name": "Teste",
        "channel": "sms",
        "audience": "completed",
        "state": "active",
        "steps": [{"id": "s1", "template": {"text": text}}],
        "senderPool": "pool",
    })
}
