//! One event from its first attempt until it is settled.

use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Answer, Backoff, Connections, Scoreboard, SendError};
use crate::sent::{EventKind, Fate};
use crate::traffic::Event;

/// What every delivery of a run shares.
pub struct Delivery {
    pub connections: Connections,
    pub backoff: Backoff,
    pub scoreboard: Arc<Scoreboard>,
    pub stop: CancellationToken,
}

/// What one attempt says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    Accepted,
    /// The request is at fault; sending it again would change nothing.
    Refused,
    /// To be sent again under the same id.
    Again {
        may_be_logged: bool,
        after: Option<Duration>,
    },
}

impl Attempt {
    pub fn of(outcome: &Result<Answer, SendError>) -> Self {
        match outcome {
            Ok(answer) if answer.status.is_success() => Self::Accepted,
            Ok(answer) if answer.status.as_u16() == 429 => {
                Self::Again { may_be_logged: false, after: answer.retry_after }
            }
            Ok(answer) if answer.status.is_client_error() => Self::Refused,
            Ok(answer) => Self::Again { may_be_logged: true, after: answer.retry_after },
            Err(SendError::NotConnected(_)) => Self::Again { may_be_logged: false, after: None },
            Err(SendError::Broken(_) | SendError::TimedOut) => {
                Self::Again { may_be_logged: true, after: None }
            }
        }
    }
}

/// How a delivery ended.
struct Settled {
    fate: Fate,
    last_attempt: Attempt,
    outcome: Result<Answer, SendError>,
}

impl Delivery {
    /// Sends `event`, due at `due`, until it is settled; `repeat_after` sends what was accepted once
    /// more, as a client does whose answer was lost.
    pub async fn deliver(&self, event: Event, due: Instant, repeat_after: Option<Duration>) {
        let settled = self.settle(&event, event.id.as_u64_pair().1).await;
        self.scoreboard.settle(&event, settled.fate, &settled.last_attempt, due.elapsed());
        if let Some(surprise) = surprise(&event, &settled) {
            self.scoreboard.surprise(&event, surprise);
        }
        let Some(pause) = repeat_after.filter(|_| settled.fate == Fate::Accepted) else { return };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.stop.cancelled() => return,
        }
        let again = self.settle(&event, event.id.as_u64_pair().0).await;
        self.scoreboard.repeated(&event);
        if again.last_attempt == Attempt::Refused {
            self.scoreboard.surprise(
                &event,
                format!("accepted, and refused when it was sent again: {}", shown(&again.outcome)),
            );
        }
    }

    async fn settle(&self, event: &Event, seed: u64) -> Settled {
        let give_up_at = Instant::now() + self.backoff.patience;
        let mut rng = None;
        let mut may_be_logged = false;
        for attempt_number in 0.. {
            let outcome = self.connections.send(event.request.to_http()).await;
            let attempt = Attempt::of(&outcome);
            self.scoreboard.attempted(event.kind, &outcome);
            let (uncertain, after) = match attempt {
                Attempt::Accepted => {
                    return Settled { fate: Fate::Accepted, last_attempt: attempt, outcome };
                }
                Attempt::Refused => {
                    return Settled { fate: unsettled(may_be_logged), last_attempt: attempt, outcome };
                }
                Attempt::Again { may_be_logged, after } => (may_be_logged, after),
            };
            may_be_logged |= uncertain;
            // Most deliveries need no random number.
            let rng = rng.get_or_insert_with(|| StdRng::seed_from_u64(seed));
            let pause = self.backoff.pause(attempt_number, after, rng);
            let is_last = Instant::now() + pause >= give_up_at || self.stop.is_cancelled();
            if is_last {
                return Settled { fate: unsettled(may_be_logged), last_attempt: attempt, outcome };
            }
            self.scoreboard.sending_again(event.kind);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.stop.cancelled() => {
                    return Settled { fate: unsettled(may_be_logged), last_attempt: attempt, outcome };
                }
            }
        }
        unreachable!("attempts are counted without end")
    }
}

fn unsettled(may_be_logged: bool) -> Fate {
    if may_be_logged { Fate::Unknown } else { Fate::NotTaken }
}

/// What should not have happened.
fn surprise(event: &Event, settled: &Settled) -> Option<String> {
    match (&settled.last_attempt, &settled.outcome) {
        (Attempt::Accepted, _) if !event.valid => Some("accepted, although it is invalid".to_owned()),
        (Attempt::Refused, outcome) if event.valid => {
            Some(format!("refused, although it is valid: {}", shown(outcome)))
        }
        (Attempt::Accepted, Ok(answer)) if event.kind == EventKind::Submission && !names(answer, event) => {
            Some(format!("accepted under another id: {}", shown(&settled.outcome)))
        }
        _ => None,
    }
}

/// Whether the answer to a submission holds its id.
fn names(answer: &Answer, event: &Event) -> bool {
    let id = event.id.to_string();
    answer.body.windows(id.len()).any(|part| part == id.as_bytes())
}

/// Status and the begin of the body; a problem document repeats nothing personal.
fn shown(outcome: &Result<Answer, SendError>) -> String {
    match outcome {
        Ok(answer) => {
            let body: String = String::from_utf8_lossy(&answer.body).chars().take(300).collect();
            format!("{} {body}", answer.status.as_u16())
        }
        Err(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hyper::StatusCode;

    use super::*;

    fn answer(status: u16) -> Result<Answer, SendError> {
        Ok(Answer { status: StatusCode::from_u16(status).unwrap(), retry_after: None, body: Bytes::new() })
    }

    #[test]
    fn what_is_sent_again_and_what_may_stand_in_the_log() {
        let again = |may_be_logged| Attempt::Again { may_be_logged, after: None };
        for (outcome, expected) in [
            (answer(200), Attempt::Accepted),
            (answer(204), Attempt::Accepted),
            (answer(400), Attempt::Refused),
            (answer(410), Attempt::Refused),
            (answer(422), Attempt::Refused),
            (answer(429), again(false)),
            (answer(500), again(true)),
            (answer(503), again(true)),
            (Err(SendError::NotConnected(String::new())), again(false)),
            (Err(SendError::Broken(String::new())), again(true)),
            (Err(SendError::TimedOut), again(true)),
        ] {
            assert_eq!(Attempt::of(&outcome), expected, "{outcome:?}");
        }
    }
}
