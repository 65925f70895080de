use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::events::{CampaignMessage, FrequencyCap, ProviderTemplate, QuietHours};

use super::judge::{Consent, Facts, SkipReason, Verdict, WaitReason, judge};
use crate::sample_message::sample_message;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Due at 15:00 in São Paulo.
pub(super) fn message(channel: Channel) -> CampaignMessage {
    CampaignMessage {
        due_at: at("2026-05-05T18:00:00Z").timestamp_millis(),
        max_late_ms: TimeDelta::hours(6).num_milliseconds(),
        unless_finished: true,
        unless_sent: Some("01890a5d-ac96-8000-8000-000000000009".to_owned()),
        ..sample_message(channel)
    }
}

fn facts() -> Facts<'static> {
    Facts {
        suppressed: false,
        consent: None,
        consent_required: false,
        finished: false,
        earlier_was_sent: false,
        campaign_ended: false,
        recent: &[],
        account_time_zone: Tz::America__Sao_Paulo,
    }
}

const NOW: &str = "2026-05-05T18:00:01Z";

fn skip(reason: SkipReason) -> Verdict {
    Verdict::Skip { reason }
}

#[test]
fn what_nothing_speaks_against_is_sent_on_every_channel() {
    for channel in [Channel::Sms, Channel::Email, Channel::Whatsapp, Channel::Voice] {
        assert_eq!(judge(&message(channel), &facts(), at(NOW)), Verdict::Send, "{channel:?}");
    }
}

#[test]
fn each_fact_has_its_reason() {
    let message = message(Channel::Whatsapp);
    let said = |facts: Facts<'_>| judge(&message, &facts, at(NOW));
    assert_eq!(said(Facts { campaign_ended: true, ..facts() }), skip(SkipReason::CampaignEnded));
    assert_eq!(said(Facts { finished: true, ..facts() }), skip(SkipReason::Finished));
    assert_eq!(said(Facts { earlier_was_sent: true, ..facts() }), skip(SkipReason::AlreadySaid));
    assert_eq!(said(Facts { suppressed: true, ..facts() }), skip(SkipReason::Suppressed));
    let withdrawn = Facts { consent: Some(Consent::Withdrawn), ..facts() };
    assert_eq!(said(withdrawn), skip(SkipReason::ConsentWithdrawn));
    assert_eq!(said(Facts { consent_required: true, ..facts() }), skip(SkipReason::NoConsent));
    let granted = Facts { consent: Some(Consent::Granted), consent_required: true, ..facts() };
    assert_eq!(said(granted), Verdict::Send);
}

#[test]
fn what_the_message_does_not_depend_on_does_not_matter() {
    let mut message = message(Channel::Sms);
    (message.unless_finished, message.unless_sent) = (false, None);
    let facts = Facts { finished: true, earlier_was_sent: true, ..facts() };
    assert_eq!(judge(&message, &facts, at(NOW)), Verdict::Send);
}

/// Everything speaks against it; what is mended shows the next reason.
#[test]
fn the_checks_have_an_order() {
    let recent = [at("2026-05-06T01:59:59Z")];
    let mut message = message(Channel::Whatsapp);
    message.quiet_hours = Some(QuietHours { from_minute: 21 * 60, to_minute: 8 * 60 });
    message.frequency_cap = Some(FrequencyCap { messages: 1, period_ms: 3_600_000 });
    message.recipient = "+55119".to_owned();
    message.body = String::new();
    message.max_late_ms = 60_000;
    let mut facts = Facts {
        suppressed: true,
        consent: Some(Consent::Withdrawn),
        consent_required: true,
        finished: true,
        earlier_was_sent: true,
        campaign_ended: true,
        recent: &recent,
        ..facts()
    };
    // 23:00 in São Paulo.
    let now = at("2026-05-06T02:00:00Z");
    let mut said = vec![judge(&message, &facts, now)];
    message.max_late_ms = TimeDelta::days(1).num_milliseconds();
    said.push(judge(&message, &facts, now));
    facts.campaign_ended = false;
    said.push(judge(&message, &facts, now));
    facts.finished = false;
    said.push(judge(&message, &facts, now));
    facts.earlier_was_sent = false;
    said.push(judge(&message, &facts, now));
    facts.suppressed = false;
    said.push(judge(&message, &facts, now));
    facts.consent = None;
    said.push(judge(&message, &facts, now));
    facts.consent_required = false;
    said.push(judge(&message, &facts, now));
    message.recipient = "+5511987654321".to_owned();
    said.push(judge(&message, &facts, now));
    message.body = "Oi".to_owned();
    said.push(judge(&message, &facts, now));
    message.frequency_cap = None;
    said.push(judge(&message, &facts, now));
    message.quiet_hours = None;
    said.push(judge(&message, &facts, now));
    facts.recent = &[];
    said.push(judge(&message, &facts, now));
    let wait = |until: &str, reason| Verdict::Wait { until: at(until), reason };
    let expected = [
        skip(SkipReason::Late),
        skip(SkipReason::CampaignEnded),
        skip(SkipReason::Finished),
        skip(SkipReason::AlreadySaid),
        skip(SkipReason::Suppressed),
        skip(SkipReason::ConsentWithdrawn),
        skip(SkipReason::NoConsent),
        skip(SkipReason::InvalidRecipient),
        skip(SkipReason::Empty),
        wait("2026-05-06T02:59:59Z", WaitReason::FrequencyCap),
        wait("2026-05-06T11:00:00Z", WaitReason::QuietHours),
        wait("2026-05-06T02:00:05Z", WaitReason::PairRate),
        Verdict::Send,
    ];
    assert_eq!(said, expected);
}

#[test]
fn a_cap_that_outlasts_the_message_skips_it() {
    let mut message = message(Channel::Sms);
    message.frequency_cap =
        Some(FrequencyCap { messages: 1, period_ms: TimeDelta::days(1).num_milliseconds() });
    // Leaves the window an hour before, and a millisecond after, the message is late.
    for (sent, expected) in [
        (
            "2026-05-04T23:00:00Z",
            Verdict::Wait { until: at("2026-05-05T23:00:00Z"), reason: WaitReason::FrequencyCap },
        ),
        (
            "2026-05-05T00:00:00Z",
            Verdict::Wait { until: at("2026-05-06T00:00:00Z"), reason: WaitReason::FrequencyCap },
        ),
        ("2026-05-05T00:00:00.001Z", skip(SkipReason::FrequencyCap)),
    ] {
        let recent = [at(sent)];
        assert_eq!(judge(&message, &Facts { recent: &recent, ..facts() }, at(NOW)), expected, "{sent}");
    }
    // The night is not counted, and begins when the six hours are over: there is time until its end.
    message.quiet_hours = Some(QuietHours { from_minute: 21 * 60, to_minute: 9 * 60 });
    let recent = [at("2026-05-05T12:00:00Z")];
    let verdict = judge(&message, &Facts { recent: &recent, ..facts() }, at(NOW));
    assert_eq!(
        verdict,
        Verdict::Wait { until: at("2026-05-06T12:00:00Z"), reason: WaitReason::FrequencyCap }
    );
    message.frequency_cap = Some(FrequencyCap { messages: 0, period_ms: 1 });
    assert_eq!(judge(&message, &facts(), at(NOW)), skip(SkipReason::FrequencyCap));
}

#[test]
fn quiet_hours_go_by_the_recipients_clock() {
    let mut message = message(Channel::Sms);
    message.quiet_hours = Some(QuietHours { from_minute: 21 * 60, to_minute: 8 * 60 });
    message.due_at = at("2026-05-05T23:30:00Z").timestamp_millis();
    // 21:30 in São Paulo, 19:30 in Rio Branco.
    let now = at("2026-05-06T00:30:00Z");
    let until = at("2026-05-06T11:00:00Z");
    assert_eq!(judge(&message, &facts(), now), Verdict::Wait { until, reason: WaitReason::QuietHours });
    message.recipient = "+5568987654321".to_owned();
    assert_eq!(judge(&message, &facts(), now), Verdict::Send);
    // An e-mail address has no place: the account's zone.
    let mut email = self::message(Channel::Email);
    (email.quiet_hours, email.due_at) = (message.quiet_hours, message.due_at);
    let in_acre = Facts { account_time_zone: Tz::America__Rio_Branco, ..facts() };
    assert_eq!(judge(&email, &in_acre, now), Verdict::Send);
    assert_eq!(judge(&email, &facts(), now), Verdict::Wait { until, reason: WaitReason::QuietHours });
}

#[test]
fn content_that_a_provider_would_refuse() {
    let said = |message: &CampaignMessage| judge(message, &facts(), at(NOW));
    for (channel, max) in [(Channel::Sms, 1_600), (Channel::Whatsapp, 4_096), (Channel::Voice, 3_000)] {
        let mut message = message(channel);
        message.body = "ã".repeat(max);
        assert_eq!(said(&message), Verdict::Send, "{channel:?}");
        message.body.push('a');
        assert_eq!(said(&message), skip(SkipReason::TooLong), "{channel:?}");
        message.body = " \n\u{a0}".to_owned();
        assert_eq!(said(&message), skip(SkipReason::Empty), "{channel:?}");
    }
    let mut email = message(Channel::Email);
    email.subject = "Oi\r\nBcc: outro@exemplo.com".to_owned();
    assert_eq!(said(&email), skip(SkipReason::InvalidMessage));
    email.subject = "a".repeat(201);
    assert_eq!(said(&email), skip(SkipReason::TooLong));
    email.subject = "Oi".to_owned();
    email.body = String::new();
    assert_eq!(said(&email), skip(SkipReason::Empty));
    email.html = "<p>Oi</p>".to_owned();
    assert_eq!(said(&email), Verdict::Send);
    email.recipient = "ana@exemplo".to_owned();
    assert_eq!(said(&email), skip(SkipReason::InvalidRecipient));
}

#[test]
fn a_providers_template_needs_its_parameters_and_no_body() {
    let said = |parameters: &[&str], name: &str| {
        let mut message = message(Channel::Whatsapp);
        message.body = String::new();
        message.provider_template = Some(ProviderTemplate {
            name: name.to_owned(),
            language: "pt_BR".to_owned(),
            parameters: parameters.iter().map(|text| (*text).to_owned()).collect(),
        });
        judge(&message, &facts(), at(NOW))
    };
    assert_eq!(said(&[], "resultado"), Verdict::Send);
    assert_eq!(said(&["Ana"], "resultado"), Verdict::Send);
    assert_eq!(said(&["Ana", ""], "resultado"), skip(SkipReason::Empty));
    assert_eq!(said(&["Ana"], ""), skip(SkipReason::Empty));
    assert_eq!(said(&[&"a".repeat(1_025)], "resultado"), skip(SkipReason::TooLong));
    // Only WhatsApp sends templates.
    let mut sms = message(Channel::Sms);
    sms.body = String::new();
    sms.provider_template =
        Some(ProviderTemplate { name: "r".to_owned(), language: "pt_BR".to_owned(), parameters: vec![] });
    assert_eq!(judge(&sms, &facts(), at(NOW)), skip(SkipReason::Empty));
}

#[test]
fn fields_that_no_campaign_makes_are_an_invalid_message() {
    let said = |change: fn(&mut CampaignMessage)| {
        let mut message = message(Channel::Sms);
        change(&mut message);
        judge(&message, &facts(), at(NOW))
    };
    let changes: [fn(&mut CampaignMessage); 6] = [
        |message| message.channel = "fax".to_owned(),
        |message| message.quiet_hours = Some(QuietHours { from_minute: -1, to_minute: 2_000 }),
        |message| message.due_at = i64::MAX,
        |message| message.due_at = i64::MIN,
        |message| message.max_late_ms = i64::MAX,
        |message| message.max_late_ms = i64::MIN,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        assert_eq!(said(change), skip(SkipReason::InvalidMessage), "{number}");
    }
    assert_eq!(said(|message| message.max_late_ms = -1), skip(SkipReason::Late));
    let no_range = |message: &mut CampaignMessage| {
        message.quiet_hours = Some(QuietHours { from_minute: 60, to_minute: 60 });
    };
    assert_eq!(said(no_range), Verdict::Send);
}

#[test]
fn names_are_bounded_words_each_of_its_own() {
    let mut names: Vec<_> = SkipReason::ALL.iter().map(|reason| reason.name()).collect();
    assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), SkipReason::ALL.len());
}
