/// What was found in the answers of one response. Each at most once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Contacts {
    /// An address, its domain in lower case.
    pub email: Option<Found>,
    /// E.164, e.g. `+5511987654321`.
    pub phone: Option<Found>,
    /// One space between words; names typed all in capitals or all in small letters are written as names.
    pub name: Option<Found>,
}

/// One thing found, and why it is believed.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub value: String,
    /// 0 to 1: an order of trust, not a measured probability. The kinds of evidence do not overlap.
    pub confidence: f64,
    /// Element whose answer is the evidence.
    pub element_id: String,
    pub evidence: Evidence,
}

/// Why a value is believed, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// The answer of an element whose type asks for it.
    TypedElement,
    /// The text is valid by itself: the syntax of an address, the form of a number, a known first name.
    ValidatedValue,
    /// Only the question's words say what the answer is.
    Label,
}

impl Evidence {
    /// The name on the wire (`LeadDetected.evidence`).
    pub fn name(self) -> &'static str {
        match self {
            Self::TypedElement => "typed_element",
            Self::ValidatedValue => "validated_value",
            Self::Label => "label",
        }
    }
}

/// A value with its evidence, before it is known whether it is the best of the response.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    pub value: String,
    pub confidence: f64,
    pub evidence: Evidence,
}

impl Candidate {
    pub(super) fn new(value: String, confidence: f64, evidence: Evidence) -> Self {
        Self { value, confidence, evidence }
    }
}

/// The best candidate so far. Of equal ones the first stays, which is that of the element shown first.
pub(super) fn keep_better(best: &mut Option<Found>, candidate: Candidate, element_id: &str) {
    if let Some(found) = best {
        let order = found.evidence.cmp(&candidate.evidence);
        let is_better = order.is_gt() || (order.is_eq() && candidate.confidence > found.confidence);
        if !is_better {
            return;
        }
    }
    let Candidate { value, confidence, evidence } = candidate;
    *best = Some(Found { value, confidence, element_id: element_id.to_owned(), evidence });
}
