use super::{Device, UserAgent};

/// Nobody reads and answers a question in less; milliseconds for each answer given.
const FASTEST_ANSWER_MS: i64 = 250;

/// What is known of whoever sent a view or a submission.
#[derive(Debug, Clone, Copy)]
pub struct BotSigns {
    pub user_agent: UserAgent,
    /// A field that people do not see was filled in.
    pub honeypot_filled: bool,
    /// By the client's clock, from opening the quiz to sending it, in milliseconds; when it said both.
    pub took_ms: Option<i64>,
    pub answers: usize,
    /// The quiz receives far more than usual: one suspicious sign is enough.
    pub is_strict: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Human,
    Suspect,
    Bot,
}

/// Bots are tagged, not dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotVerdict {
    pub verdict: Verdict,
    /// Each a short word; empty for a human.
    pub reasons: Vec<&'static str>,
}

impl Verdict {
    /// As it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Suspect => "suspect",
            Self::Bot => "bot",
        }
    }
}

impl BotSigns {
    /// One sign that only a program gives makes a bot. Signs that a person may give too make a suspect
    /// when there is one, and a bot when there are two, or one while the check is strict.
    pub fn judge(&self) -> BotVerdict {
        let certain =
            [(self.honeypot_filled, "honeypot"), (self.user_agent.device == Device::Bot, "user_agent")];
        let suspicious = [
            (self.user_agent.is_missing, "no_user_agent"),
            (self.is_impossibly_fast(), "too_fast"),
            (self.took_ms.is_some_and(|took| took < 0), "clock_backwards"),
        ];
        let mut reasons = Vec::new();
        reasons.extend(certain.iter().filter(|(holds, _)| *holds).map(|(_, reason)| *reason));
        let is_certain = !reasons.is_empty();
        reasons.extend(suspicious.iter().filter(|(holds, _)| *holds).map(|(_, reason)| *reason));

        let enough = if self.is_strict { 1 } else { 2 };
        let verdict = match reasons.len() {
            _ if is_certain => Verdict::Bot,
            0 => Verdict::Human,
            signs if signs >= enough => Verdict::Bot,
            _ => Verdict::Suspect,
        };
        BotVerdict { verdict, reasons }
    }

    fn is_impossibly_fast(&self) -> bool {
        let answers = i64::try_from(self.answers).unwrap_or(i64::MAX);
        self.took_ms.is_some_and(|took| took >= 0 && took < answers.saturating_mul(FASTEST_ANSWER_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: UserAgent = UserAgent { device: Device::Mobile, is_missing: false };
    const PROGRAM: UserAgent = UserAgent { device: Device::Bot, is_missing: false };
    const MISSING: UserAgent = UserAgent { device: Device::Unknown, is_missing: true };

    #[test]
    fn the_verdict_follows_from_the_signs() {
        // user agent, honeypot, took, answers, strict → verdict, reasons
        for (user_agent, honeypot_filled, took_ms, answers, is_strict, verdict, reasons) in [
            (PHONE, false, None, 12, false, Verdict::Human, vec![]),
            (PHONE, false, Some(60_000), 12, true, Verdict::Human, vec![]),
            (PHONE, false, Some(3_000), 12, false, Verdict::Human, vec![]),
            (PHONE, false, Some(2_999), 12, false, Verdict::Suspect, vec!["too_fast"]),
            (PHONE, false, Some(2_999), 12, true, Verdict::Bot, vec!["too_fast"]),
            (PHONE, false, Some(0), 0, false, Verdict::Human, vec![]),
            (PHONE, false, Some(-5), 12, false, Verdict::Suspect, vec!["clock_backwards"]),
            (PHONE, true, Some(60_000), 12, false, Verdict::Bot, vec!["honeypot"]),
            (PROGRAM, false, None, 12, false, Verdict::Bot, vec!["user_agent"]),
            (PROGRAM, true, Some(5), 12, false, Verdict::Bot, vec!["honeypot", "user_agent", "too_fast"]),
            (MISSING, false, None, 12, false, Verdict::Suspect, vec!["no_user_agent"]),
            (MISSING, false, None, 12, true, Verdict::Bot, vec!["no_user_agent"]),
            (MISSING, false, Some(10), 12, false, Verdict::Bot, vec!["no_user_agent", "too_fast"]),
            (PHONE, false, Some(i64::MAX), usize::MAX, false, Verdict::Human, vec![]),
        ] {
            let signs = BotSigns { user_agent, honeypot_filled, took_ms, answers, is_strict };
            assert_eq!(signs.judge(), BotVerdict { verdict, reasons }, "{signs:?}");
        }
    }
}
