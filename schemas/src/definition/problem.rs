/// One thing wrong with a quiz document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionProblem {
    /// RFC 6901 pointer into the document that was sent.
    pub pointer: String,
    /// For programs: a short word that never changes.
    pub code: &'static str,
    /// For people: one sentence.
    pub detail: String,
}

/// One thing wrong with a submission's answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// RFC 6901 pointer into the submission, `/answers/{element id}`.
    pub pointer: String,
    /// For programs: a short word that never changes.
    pub code: &'static str,
    /// For people: one sentence, without the answer itself.
    pub detail: String,
}
