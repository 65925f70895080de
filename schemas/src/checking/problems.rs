use crate::definition::DefinitionProblem;

/// Gathers problems, up to a number that somebody may still read.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    list: Vec<DefinitionProblem>,
}

impl Problems {
    const MOST: usize = 200;

    pub(crate) fn add(&mut self, pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) {
        if self.list.len() < Self::MOST {
            self.list.push(DefinitionProblem { pointer: pointer.into(), code, detail: detail.into() });
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether something is wrong with just this place.
    pub(crate) fn has_at(&self, pointer: &str) -> bool {
        self.list.iter().any(|problem| problem.pointer == pointer)
    }

    /// By the order of the checks within a place, and places as texts: stable for tests and for people.
    pub(crate) fn into_sorted(mut self) -> Vec<DefinitionProblem> {
        self.list.sort_by(|one, other| one.pointer.cmp(&other.pointer));
        self.list
    }
}
