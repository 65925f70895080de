use super::{
    BAD_TIME, ResponseIds, Violation, check_answers, check_quiz_and_account, check_texts, moment,
    response_ids,
};
use crate::events::QuizAbandoned;
use crate::ids::check_name;

const BAD_LAST_ELEMENT: Violation =
    Violation { reason: "bad_element", detail: "the element that was shown last has a malformed id" };
const BAD_COUNT: Violation = Violation { reason: "bad_element", detail: "fewer than no elements were seen" };

/// What an abandonment must be to be followed up.
pub fn check_abandoned(abandoned: &QuizAbandoned) -> Result<ResponseIds, Violation> {
    let ids = response_ids(&abandoned.response_id, abandoned.visitor_id.as_deref())?;
    check_quiz_and_account(&abandoned.quiz_id, &abandoned.account_id)?;
    moment(abandoned.last_seen_at)?;
    moment(abandoned.abandoned_at)?;
    if abandoned.abandoned_at < abandoned.last_seen_at {
        return Err(BAD_TIME);
    }
    if !abandoned.last_element.is_empty() {
        check_name(&abandoned.last_element).map_err(|_| BAD_LAST_ELEMENT)?;
    }
    if abandoned.elements_seen < 0 {
        return Err(BAD_COUNT);
    }
    check_answers(&abandoned.answers)?;
    let QuizAbandoned { referrer, device, country, bot_verdict, .. } = abandoned;
    let plain = [referrer, device, country, bot_verdict];
    check_texts(plain.into_iter().chain(&abandoned.tags), &abandoned.hidden, &abandoned.utm)?;
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::events::{AnswerValue, Utm};

    /// Makes one thing wrong.
    type Spoil = fn(&mut QuizAbandoned);

    fn abandoned() -> QuizAbandoned {
        QuizAbandoned {
            account_id: "conta".to_owned(),
            quiz_id: "quiz".to_owned(),
            response_id: "019b7b5a-5400-7707-8707-070707070707".to_owned(),
            visitor_id: None,
            version: 3,
            last_seen_at: 1_767_225_600_123,
            abandoned_at: 1_767_225_600_123,
            last_element: "e1".to_owned(),
            elements_seen: 2,
            answers: BTreeMap::from([("e1".to_owned(), AnswerValue::Text("sim".to_owned()))]),
            hidden: BTreeMap::new(),
            utm: Utm::default(),
            referrer: String::new(),
            device: "mobile".to_owned(),
            country: "BR".to_owned(),
            bot_verdict: "human".to_owned(),
            tags: Vec::new(),
        }
    }

    #[test]
    fn an_abandonment_that_breaks_the_contract_is_told_apart() {
        assert!(check_abandoned(&abandoned()).is_ok());
        assert!(check_abandoned(&QuizAbandoned { last_element: String::new(), ..abandoned() }).is_ok());
        let cases: [(&str, Spoil); 10] = [
            ("bad_id", |event| event.quiz_id = "Quiz".to_owned()),
            ("bad_id", |event| event.account_id = String::new()),
            ("bad_id", |event| event.response_id = "x".to_owned()),
            ("bad_id", |event| event.visitor_id = Some("x".to_owned())),
            ("bad_time", |event| event.abandoned_at = i64::MAX),
            ("bad_time", |event| event.abandoned_at = event.last_seen_at - 1),
            ("bad_element", |event| event.last_element = "É".to_owned()),
            ("bad_element", |event| event.elements_seen = -1),
            ("not_finite", |event| {
                event.answers = BTreeMap::from([("e1".to_owned(), AnswerValue::Double(f64::NAN))]);
            }),
            ("nul", |event| event.utm.source = "\0".to_owned()),
        ];
        for (number, (reason, change)) in cases.into_iter().enumerate() {
            let mut event = abandoned();
            change(&mut event);
            assert_eq!(check_abandoned(&event).unwrap_err().reason, reason, "case {number}");
        }
    }
}
