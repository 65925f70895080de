use rand::{Rng, RngExt};

use crate::providers::accepted::Channel;
use crate::providers::faults::ReportFaults;

/// Twilio: unknown destination handset.
const SMS_UNDELIVERED: u32 = 30005;
/// Meta: message undeliverable.
const WHATSAPP_UNDELIVERED: u32 = 131_026;

/// One report of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Status {
    /// In the provider's words.
    pub(super) name: &'static str,
    pub(super) error_code: Option<u32>,
    /// Of a call: its place among the events, from 0.
    pub(super) sequence: usize,
}

/// What will be reported of a message, in this order.
pub(super) fn plan(
    channel: Channel,
    events: Option<&[String]>,
    faults: &ReportFaults,
    rng: &mut impl Rng,
) -> Vec<Status> {
    let is_undelivered = rng.random_bool(faults.share_undelivered);
    let mut statuses: Vec<Status> = match channel {
        Channel::Sms if is_undelivered => named(&["sent", "undelivered"]),
        Channel::Sms => named(&["sent", "delivered"]),
        Channel::Whatsapp if is_undelivered => named(&["sent", "failed"]),
        Channel::Whatsapp if rng.random_bool(faults.share_read) => named(&["sent", "delivered", "read"]),
        Channel::Whatsapp => named(&["sent", "delivered"]),
        Channel::Voice => calls(is_undelivered, events.unwrap_or_default(), rng),
    };
    for status in &mut statuses {
        status.error_code = match status.name {
            "undelivered" => Some(SMS_UNDELIVERED),
            "failed" if channel == Channel::Whatsapp => Some(WHATSAPP_UNDELIVERED),
            _ => None,
        };
    }
    if statuses.len() > 1 && rng.random_bool(faults.share_out_of_order) {
        statuses.rotate_right(1);
    }
    if !statuses.is_empty() && rng.random_bool(faults.share_twice) {
        let again = statuses[rng.random_range(0..statuses.len())];
        statuses.push(again);
    }
    statuses
}

fn named(names: &[&'static str]) -> Vec<Status> {
    let status = |(sequence, name): (usize, &&'static str)| Status { name, error_code: None, sequence };
    names.iter().enumerate().map(status).collect()
}

/// The event `completed` comes with how it ended.
fn calls(is_undelivered: bool, events: &[String], rng: &mut impl Rng) -> Vec<Status> {
    const UNDELIVERED: [&str; 3] = ["busy", "no-answer", "failed"];
    let ways: [(&str, &'static str); 4] = match is_undelivered {
        true => {
            let end = UNDELIVERED[rng.random_range(0..UNDELIVERED.len())];
            [("initiated", "initiated"), ("ringing", "ringing"), ("", ""), ("completed", end)]
        }
        false => [
            ("initiated", "initiated"),
            ("ringing", "ringing"),
            ("answered", "in-progress"),
            ("completed", "completed"),
        ],
    };
    let asked_for = |(event, _): &&(&str, &'static str)| events.iter().any(|asked| asked == event);
    named(&ways.iter().filter(asked_for).map(|(_, status)| *status).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    fn names(
        channel: Channel,
        events: Option<&[String]>,
        faults: &ReportFaults,
        seed: u64,
    ) -> Vec<&'static str> {
        let mut rng = StdRng::seed_from_u64(seed);
        plan(channel, events, faults, &mut rng).iter().map(|status| status.name).collect()
    }

    #[test]
    fn each_channel_reports_in_its_providers_words() {
        let plain = ReportFaults {
            share_undelivered: 0.0,
            share_read: 0.0,
            share_twice: 0.0,
            share_out_of_order: 0.0,
            ..ReportFaults::default()
        };
        let lost = ReportFaults { share_undelivered: 1.0, ..plain.clone() };
        let all = ["initiated", "ringing", "answered", "completed"].map(str::to_owned);
        assert_eq!(names(Channel::Sms, None, &plain, 1), ["sent", "delivered"]);
        assert_eq!(names(Channel::Sms, None, &lost, 1), ["sent", "undelivered"]);
        assert_eq!(names(Channel::Whatsapp, None, &lost, 1), ["sent", "failed"]);
        let read = ReportFaults { share_read: 1.0, ..plain.clone() };
        assert_eq!(names(Channel::Whatsapp, None, &read, 1), ["sent", "delivered", "read"]);
        assert_eq!(
            names(Channel::Voice, Some(&all), &plain, 1),
            ["initiated", "ringing", "in-progress", "completed"]
        );
        assert_eq!(names(Channel::Voice, Some(&all[3..]), &plain, 1), ["completed"]);
        let ended = names(Channel::Voice, Some(&all[3..]), &lost, 1);
        assert!(["busy", "no-answer", "failed"].contains(&ended[0]), "{ended:?}");
        let late = ReportFaults { share_out_of_order: 1.0, ..read.clone() };
        assert_eq!(names(Channel::Whatsapp, None, &late, 1), ["read", "sent", "delivered"]);
        let twice = ReportFaults { share_twice: 1.0, ..read };
        assert_eq!(names(Channel::Whatsapp, None, &twice, 1).len(), 4);
    }
}
