use super::{CampaignCondition, VariableValues};
use crate::definition::{Operand, Operator, test};

/// A campaign's condition made ready. The comparisons are those of a quiz's logic, so the two can never differ.
#[derive(Debug)]
pub(super) enum CompiledCondition {
    All(Vec<CompiledCondition>),
    Any(Vec<CompiledCondition>),
    Test {
        variable: String,
        operator: Operator,
        operand: Operand,
    },
    /// Of a kind or with an operator that this build does not know.
    Never,
}

impl CompiledCondition {
    pub(super) fn new(condition: &CampaignCondition) -> Self {
        match condition {
            CampaignCondition::All { all } => Self::All(all.iter().map(Self::new).collect()),
            CampaignCondition::Any { any } => Self::Any(any.iter().map(Self::new).collect()),
            CampaignCondition::Unknown(_) => Self::Never,
            CampaignCondition::Test(test) => match Operator::from_wire(&test.is) {
                None => Self::Never,
                Some(operator) => Self::Test {
                    variable: test.variable.clone(),
                    operator,
                    operand: Operand::new(&test.value),
                },
            },
        }
    }

    /// A variable that the response or its version of the quiz lacks is as one that was not answered.
    pub(super) fn holds(&self, values: &VariableValues) -> bool {
        match self {
            Self::All(conditions) => conditions.iter().all(|condition| condition.holds(values)),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds(values)),
            Self::Test { variable, operator, operand } => test(values.value(variable), *operator, operand),
            Self::Never => false,
        }
    }
}
