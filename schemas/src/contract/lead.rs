use uuid::Uuid;

use super::{BAD_RESPONSE, BAD_TIME, NUL, Violation, check_quiz_and_account, moment};
use crate::events::LeadDetected;
use crate::ids::{TimedId, check_name};

/// Longest value of a lead in bytes: an e-mail address has 254 at most (RFC 3696, erratum 1690), a phone
/// number 16. What is longer could not be indexed.
pub const MAX_LEAD_VALUE_BYTES: usize = 320;

/// Longest name of a lead in bytes.
pub const MAX_LEAD_NAME_BYTES: usize = 4_096;

const BAD_LEAD: Violation = Violation { reason: "bad_id", detail: "the lead's id is not a UUIDv8" };
const BAD_ELEMENT: Violation =
    Violation { reason: "bad_element", detail: "the element that is the evidence has a malformed id" };
const BAD_VALUE: Violation = Violation { reason: "bad_value", detail: "the contact is empty or too long" };
const BAD_NAME: Violation = Violation { reason: "bad_value", detail: "the name is empty or too long" };
const BAD_CONFIDENCE: Violation =
    Violation { reason: "bad_confidence", detail: "a confidence lies outside of 0 to 1" };

/// The ids of a lead that keeps the contract.
#[derive(Debug, Clone, Copy)]
pub struct LeadIds {
    pub lead: Uuid,
    pub response: TimedId,
}

pub fn check_lead(lead: &LeadDetected) -> Result<LeadIds, Violation> {
    let response = TimedId::parse(&lead.response_id).map_err(|_| BAD_RESPONSE)?;
    check_quiz_and_account(&lead.quiz_id, &lead.account_id)?;
    // Since 1970: a database's calendar does not reach as far back as ours.
    if lead.seen_at < 0 {
        return Err(BAD_TIME);
    }
    moment(lead.seen_at)?;
    if lead.value.is_empty() || lead.value.len() > MAX_LEAD_VALUE_BYTES {
        return Err(BAD_VALUE);
    }
    check_evidence(&lead.element_id, lead.confidence)?;
    let mut texts = vec![&lead.field, &lead.value, &lead.evidence, &lead.trigger];
    if let Some(name) = &lead.name {
        if name.value.is_empty() || name.value.len() > MAX_LEAD_NAME_BYTES {
            return Err(BAD_NAME);
        }
        check_evidence(&name.element_id, name.confidence)?;
        texts.extend([&name.value, &name.evidence]);
    }
    if texts.into_iter().any(|text| text.contains('\0')) {
        return Err(NUL);
    }
    Ok(LeadIds { lead: lead_id(&lead.lead_id).ok_or(BAD_LEAD)?, response })
}

/// The hyphenated form alone, so that one lead has one id as text too.
fn lead_id(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    (text.len() == 36 && id.get_version_num() == 8).then_some(id)
}

/// NaN lies outside of every range.
fn check_evidence(element_id: &str, confidence: f64) -> Result<(), Violation> {
    check_name(element_id).map_err(|_| BAD_ELEMENT)?;
    if !(0.0..=1.0).contains(&confidence) {
        return Err(BAD_CONFIDENCE);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::LeadName;
    use crate::ids;

    /// Makes one thing wrong.
    type Spoil = fn(&mut LeadDetected);

    fn lead() -> LeadDetected {
        let key = ids::account_key(b"secret", "conta");
        LeadDetected {
            account_id: "conta".to_owned(),
            lead_id: ids::lead_id(&key, "email", "ana@exemplo.com.br").to_string(),
            quiz_id: "quiz".to_owned(),
            response_id: "019b7b5a-5400-7707-8707-070707070707".to_owned(),
            field: "email".to_owned(),
            value: "ana@exemplo.com.br".to_owned(),
            confidence: 1.0,
            element_id: "e1".to_owned(),
            evidence: "typed_element".to_owned(),
            name: Some(LeadName {
                value: "Ana".to_owned(),
                confidence: 0.0,
                element_id: "e0".to_owned(),
                evidence: "label".to_owned(),
            }),
            trigger: "completed".to_owned(),
            seen_at: 0,
        }
    }

    #[test]
    fn a_lead_that_keeps_the_contract_is_taken_with_and_without_a_name() {
        let ids = check_lead(&lead()).unwrap();
        assert_eq!((ids.lead.to_string(), ids.response.to_string()), (lead().lead_id, lead().response_id));
        assert!(check_lead(&LeadDetected { name: None, ..lead() }).is_ok());
        let longest = "a".repeat(MAX_LEAD_VALUE_BYTES);
        assert!(check_lead(&LeadDetected { value: longest, ..lead() }).is_ok());
        let unknown = LeadDetected { field: "pager".to_owned(), ..lead() };
        assert!(check_lead(&unknown).is_ok(), "words of a newer version are taken as they are");
    }

    #[test]
    fn a_lead_that_breaks_the_contract_is_told_apart() {
        let cases: [(&str, Spoil); 20] = [
            ("bad_id", |lead| lead.account_id = "Conta".to_owned()),
            ("bad_id", |lead| lead.quiz_id = String::new()),
            ("bad_id", |lead| lead.response_id = lead.lead_id.clone()),
            ("bad_id", |lead| lead.lead_id = lead.response_id.clone()),
            ("bad_id", |lead| lead.lead_id = lead.lead_id.replace('-', "")),
            ("bad_time", |lead| lead.seen_at = -1),
            ("bad_time", |lead| lead.seen_at = i64::MAX),
            ("bad_value", |lead| lead.value = String::new()),
            ("bad_value", |lead| lead.value = "a".repeat(MAX_LEAD_VALUE_BYTES + 1)),
            ("bad_value", |lead| lead.name.as_mut().unwrap().value = String::new()),
            ("bad_value", |lead| lead.name.as_mut().unwrap().value = "é".repeat(MAX_LEAD_NAME_BYTES)),
            ("bad_element", |lead| lead.element_id = "a b".to_owned()),
            ("bad_element", |lead| lead.name.as_mut().unwrap().element_id = String::new()),
            ("bad_confidence", |lead| lead.confidence = f64::NAN),
            ("bad_confidence", |lead| lead.confidence = 1.01),
            ("bad_confidence", |lead| lead.name.as_mut().unwrap().confidence = -0.5),
            ("nul", |lead| lead.value = "a\0".to_owned()),
            ("nul", |lead| lead.field = "\0".to_owned()),
            ("nul", |lead| lead.trigger = "\0".to_owned()),
            ("nul", |lead| lead.name.as_mut().unwrap().value = "\0".to_owned()),
        ];
        for (number, (reason, change)) in cases.into_iter().enumerate() {
            let mut lead = lead();
            change(&mut lead);
            assert_eq!(check_lead(&lead).unwrap_err().reason, reason, "case {number}");
        }
    }
}
