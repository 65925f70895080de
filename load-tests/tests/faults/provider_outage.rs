//! A provider that is dead or slow while the others are well.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use vendzz_load_tests::providers::{FaultRule, Faults};

use crate::sending_trial::{SendingTrial, SentWithin};

const CHANNELS: [&str; 4] = ["sms", "email", "whatsapp", "voice"];
/// Until campaigns have met people at every step, and rates stand.
const UNTIL_STEADY: Duration = Duration::from_secs(30);
const WINDOW: Duration = Duration::from_secs(15);
/// Five calls without an answer, each until its timeout, and the breaker is open.
const UNTIL_OPEN: Duration = Duration::from_secs(6);
/// Within the timeout of a call.
const SLOW: [u64; 2] = [1_000, 1_500];

/// One of the two SMS providers, the only one for calls, answers nothing any more, and later slowly. The other channels
/// go on as they did, SMS goes by the other provider once the breaker has opened, and calls go on when it is back.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_dead_or_slow_slows_no_other_channel_and_is_failed_over() {
    let mut trial = SendingTrial::begin(Faults::default()).await;
    let traffic = trial.follow_up.start_traffic(Duration::from_secs(600), 43);
    tokio::time::sleep(UNTIL_STEADY).await;
    let before = Phase::watch(&trial, "all well").await;

    let dead = Phase::with(&mut trial, "one dead", FaultRule { dead: true, ..FaultRule::default() }).await;
    trial.misbehave(&Faults::default()).await;
    tokio::time::sleep(UNTIL_OPEN).await;
    let back = Phase::watch(&trial, "back").await;
    let slow =
        Phase::with(&mut trial, "one slow", FaultRule { latency_ms: SLOW, ..FaultRule::default() }).await;
    trial.misbehave(&Faults::default()).await;
    assert!(traffic.is_running(), "the traffic ended before the last phase");
    traffic.end();

    for phase in [&before, &dead, &back, &slow] {
        println!("{phase}");
    }
    for phase in [&dead, &slow] {
        for channel in ["email", "whatsapp"] {
            phase.expect_as_in(&before, channel);
        }
    }
    dead.expect_rate_of(&before, "sms");
    assert!(back.sent["voice"].count > 0, "calls have not come back");
    trial.expect_agreement(traffic).await;
}

struct Phase {
    name: &'static str,
    sent: BTreeMap<String, SentWithin>,
}

impl Phase {
    async fn watch(trial: &SendingTrial, name: &'static str) -> Self {
        tokio::time::sleep(WINDOW).await;
        let mut sent = trial.sent_within(WINDOW).await;
        for channel in CHANNELS {
            sent.entry(channel.to_owned()).or_default();
        }
        Self { name, sent }
    }

    async fn with(trial: &mut SendingTrial, name: &'static str, rule: FaultRule) -> Self {
        let sids = trial.cluster().first_twilio_accounts();
        let rules = sids.into_iter().map(|sid| (sid, rule.clone())).collect();
        trial.misbehave(&Faults { rules, ..Faults::default() }).await;
        tokio::time::sleep(UNTIL_OPEN).await;
        Self::watch(trial, name).await
    }

    /// Three quarters of the rate at least: people come at random.
    fn expect_rate_of(&self, before: &Self, channel: &str) {
        let (was, is) = (before.sent[channel].count, self.sent[channel].count);
        assert!(is * 4 >= was * 3, "{channel}: {was} sent with all well, {is} with {}", self.name);
    }

    fn expect_as_in(&self, before: &Self, channel: &str) {
        self.expect_rate_of(before, channel);
        let prompt = before.sent[channel].prompt.min(self.sent[channel].prompt);
        assert!(prompt >= 50, "{channel}: {prompt} prompt ones are too few for a percentile");
        let (was, is) = (before.sent[channel].p90_ms, self.sent[channel].p90_ms);
        assert!(
            is <= was * 2.0 + 1_000.0,
            "{channel}: p90 {was:.0} ms with all well, {is:.0} ms with {}",
            self.name
        );
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:>8}, {} s:", self.name, WINDOW.as_secs())?;
        for channel in CHANNELS {
            let SentWithin { count, prompt, p50_ms, p90_ms } = &self.sent[channel];
            write!(
                formatter,
                "  {channel} {count}, {prompt} of them prompt, p50 {p50_ms:.0} p90 {p90_ms:.0} ms;"
            )?;
        }
        Ok(())
    }
}
