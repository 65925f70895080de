use super::condition::CompiledCondition;
use super::{QuizDocument, TARGET_END};
use crate::events::AnswerValue;

/// The way through a quiz, made ready: for each element the rules that leave it, in order.
#[derive(Debug)]
pub(super) struct Flow {
    rules_from: Vec<Vec<Exit>>,
}

#[derive(Debug)]
struct Exit {
    when: Option<CompiledCondition>,
    /// None ends the quiz.
    target: Option<usize>,
}

impl Flow {
    /// A rule from or to an unknown element is left out: publication refuses it.
    pub(super) fn new(document: &QuizDocument, index_of: &impl Fn(&str) -> Option<usize>) -> Self {
        let mut rules_from: Vec<Vec<Exit>> = document.elements.iter().map(|_| Vec::new()).collect();
        for rule in &document.logic {
            let target = if rule.go_to == TARGET_END { None } else { index_of(&rule.go_to) };
            let leads_nowhere = target.is_none() && rule.go_to != TARGET_END;
            let Some(from) = index_of(&rule.from) else { continue };
            if leads_nowhere {
                continue;
            }
            let when = rule.when.as_ref().map(|condition| CompiledCondition::new(condition, index_of));
            rules_from[from].push(Exit { when, target });
        }
        Self { rules_from }
    }

    /// The element after this one, None at the end.
    pub(super) fn next<'a>(
        &self,
        index: usize,
        answer_of: &impl Fn(usize) -> Option<&'a AnswerValue>,
    ) -> Option<usize> {
        for exit in &self.rules_from[index] {
            let applies = exit.when.as_ref().is_none_or(|condition| condition.holds(answer_of));
            if applies {
                return exit.target;
            }
        }
        let following = index + 1;
        (following < self.rules_from.len()).then_some(following)
    }

    /// The elements that these answers lead through, in their order. A loop shows nothing new, so a
    /// second visit ends the walk.
    pub(super) fn shown<'a>(&self, answer_of: &impl Fn(usize) -> Option<&'a AnswerValue>) -> Vec<usize> {
        let mut visited = vec![false; self.rules_from.len()];
        let mut shown = Vec::with_capacity(self.rules_from.len());
        let mut current = (!visited.is_empty()).then_some(0);
        while let Some(index) = current {
            if visited[index] {
                break;
            }
            visited[index] = true;
            shown.push(index);
            current = self.next(index, answer_of);
        }
        shown
    }

    /// Where one may go from here, whatever is answered: None stands for the end.
    pub(super) fn possible_next(&self, index: usize) -> Vec<Option<usize>> {
        let mut targets = Vec::new();
        for exit in &self.rules_from[index] {
            targets.push(exit.target);
            if exit.when.is_none() {
                return targets;
            }
        }
        let following = index + 1;
        targets.push((following < self.rules_from.len()).then_some(following));
        targets
    }

    pub(super) fn len(&self) -> usize {
        self.rules_from.len()
    }
}

#[cfg(test)]
#[path = "flow_tests.rs"]
mod tests;
