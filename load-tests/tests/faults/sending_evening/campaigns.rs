//! The quiz and the campaigns of the evening. Each part has recipients of its own, so that no part's messages count
//! for another's cap.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};
use vendzz_load_tests::campaigns::CampaignFile;
use vendzz_load_tests::traffic::QuizFile;

use super::wall_clock::{QuietHours, whole_minute};

pub(super) const QUIZ: &str = "noite";
const ACCOUNT: &str = "conta-credito-claro";
/// By whose clock the turn is a whole minute; so it is in every zone of the evening.
const ZONE_OF_THE_TURN: Tz = Tz::America__Sao_Paulo;
/// Until the turn at least: later than the second time without workers.
const UNTIL_THE_TURN: TimeDelta = TimeDelta::seconds(75);
/// Reaches over the zones an hour and two behind, and not over Lisbon.
const QUIET_BEFORE_THE_TURN: TimeDelta = TimeDelta::hours(4);
const QUIET_AFTER_THE_TURN: TimeDelta = TimeDelta::hours(5);

pub(super) const CAP_MESSAGES: usize = 3;
pub(super) const CAP_HOURS: i64 = 1;
/// The least that a campaign may say: who waits for quiet hours to end waits longer, and is not late.
pub(super) const LEAST_LATE: TimeDelta = TimeDelta::seconds(60);
const MUCH_LATER: TimeDelta = TimeDelta::hours(6);

const FIRST_STEP: &str = "logo";
const DELAYED_STEPS: [(&str, u32); 3] = [(FIRST_STEP, 0), ("depois", 25), ("por-fim", 50)];

/// What a response is for: the choice that it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    QuietUntilTheTurn,
    QuietFromTheTurn,
    Delayed,
    Capped,
}

impl Part {
    const ALL: [Self; 4] = [Self::QuietUntilTheTurn, Self::QuietFromTheTurn, Self::Delayed, Self::Capped];

    pub(super) fn choice(self) -> &'static str {
        match self {
            Self::QuietUntilTheTurn => "ate",
            Self::QuietFromTheTurn => "desde",
            Self::Delayed => "atraso",
            Self::Capped => "limite",
        }
    }

    pub(super) fn channels(self) -> &'static [&'static str] {
        match self {
            Self::QuietUntilTheTurn => &["sms", "whatsapp", "voice"],
            Self::QuietFromTheTurn | Self::Capped => &["sms", "voice"],
            Self::Delayed => &["sms", "email", "whatsapp", "voice"],
        }
    }

    pub(super) fn steps(self) -> &'static [(&'static str, u32)] {
        match self {
            Self::Delayed => &DELAYED_STEPS,
            _ => &DELAYED_STEPS[..1],
        }
    }

    /// Of one response.
    pub(super) fn messages(self) -> usize {
        self.channels().len() * self.steps().len()
    }
}

/// How long after the response a step is due.
pub(super) fn delay_of(step: &str) -> TimeDelta {
    let (_, seconds) = DELAYED_STEPS.iter().find(|(id, _)| *id == step).unwrap();
    TimeDelta::seconds(i64::from(*seconds))
}

/// An SMS would be late when there is room again, and a call would not.
pub(super) fn waits_for_room(channel: &str) -> bool {
    channel == "voice"
}

fn max_late(part: Part, channel: &str) -> TimeDelta {
    match part {
        Part::QuietUntilTheTurn => LEAST_LATE,
        Part::Capped if !waits_for_room(channel) => LEAST_LATE,
        _ => MUCH_LATER,
    }
}

/// The campaigns around one minute, at which quiet hours end and begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Evening {
    pub(super) turn: DateTime<Utc>,
}

impl Evening {
    pub(super) fn soon() -> Self {
        Self { turn: whole_minute(Utc::now() + UNTIL_THE_TURN) + TimeDelta::minutes(1) }
    }

    pub(super) fn quiet_hours(self, part: Part) -> Option<QuietHours> {
        let (from, to) = match part {
            Part::QuietUntilTheTurn => (self.turn - QUIET_BEFORE_THE_TURN, self.turn),
            Part::QuietFromTheTurn => (self.turn, self.turn + QUIET_AFTER_THE_TURN),
            Part::Delayed | Part::Capped => return None,
        };
        Some(QuietHours::between(from, to, ZONE_OF_THE_TURN))
    }

    pub(super) fn campaigns(self) -> Vec<CampaignFile> {
        let of_part = |part: Part| part.channels().iter().map(move |channel| self.campaign(part, channel));
        Part::ALL.into_iter().flat_map(of_part).collect()
    }

    fn campaign(self, part: Part, channel: &str) -> CampaignFile {
        let late = max_late(part, channel).num_seconds();
        let step = |(id, delay): &(&str, u32)| json!({ "id": id, "delaySeconds": delay, "maxLateSeconds": late, "template": template(channel) });
        let mut document = json!({
            "accountId": ACCOUNT,
            "quizId": QUIZ,
            "name": format!("{} por {channel}", part.choice()),
            "channel": channel,
            "audience": "completed",
            "state": "active",
            "when": { "variable": "answers.parte", "is": "equals", "value": part.choice() },
            "senderPool": "padrao",
            "steps": part.steps().iter().map(step).collect::<Vec<Value>>(),
        });
        if let Some(hours) = self.quiet_hours(part) {
            document["quietHours"] = hours.document();
        }
        if part == Part::Capped {
            document["frequencyCap"] = json!({ "messages": CAP_MESSAGES, "hours": CAP_HOURS });
        }
        CampaignFile { id: format!("{QUIZ}-{}-{channel}", part.choice()), document }
    }
}

fn template(channel: &str) -> Value {
    match channel {
        "email" => json!({ "subject": "Boa noite", "text": "Boa noite." }),
        _ => json!({ "text": "Boa noite." }),
    }
}

/// It asks for both contacts, and for the part that the answer is for.
pub(super) fn quiz() -> QuizFile {
    let choices: Vec<Value> =
        Part::ALL.into_iter().map(|part| json!({ "id": part.choice(), "label": part.choice() })).collect();
    let document = json!({
        "accountId": ACCOUNT,
        "title": "Uma noite",
        "language": "pt-BR",
        "timeZone": "America/Sao_Paulo",
        "elements": [
            { "id": "telefone", "type": "phone", "label": "Qual é o seu celular?", "required": true },
            { "id": "email", "type": "email", "label": "Qual é o seu e-mail?", "required": true },
            {
                "id": "parte", "type": "single_choice", "label": "O que vem?", "required": true,
                "choices": choices,
            },
        ],
    });
    QuizFile { id: QUIZ.to_owned(), document }
}
