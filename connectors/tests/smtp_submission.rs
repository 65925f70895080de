//! E-mail against the real SMTP server: `infra/local/stack up smtp` first.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use uuid::Uuid;
use vendzz_connectors::providers::settings::{SmtpSettings, SmtpTls};
use vendzz_connectors::providers::{
    CALL_TIMEOUT, NotTaken, NotTakenKind, Outcome, Outgoing, Provider, ProviderSettings,
};
use vendzz_runtime::config::Secret;
use vendzz_schemas::events::CampaignMessage;

fn local() -> PathBuf {
    let checkout = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    std::env::var_os("VENDZZ_LOCAL_DIR").map_or_else(|| checkout.join(".local"), PathBuf::from)
}

fn settings() -> SmtpSettings {
    let read = |name: &str| {
        std::fs::read(local().join(name)).expect("the tests need the SMTP server: infra/local/stack up smtp")
    };
    SmtpSettings {
        host: "localhost".to_owned(),
        port: std::env::var("VENDZZ_SMTP_PORT").map_or(10025, |port| port.parse().unwrap()),
        tls: SmtpTls::Starttls,
        ca: Some(read("smtp-tls/ca.pem")),
        user: "vendzz".to_owned(),
        password: Secret::new(String::from_utf8(read("smtp-password")).unwrap()),
    }
}

fn provider(settings: SmtpSettings) -> Provider {
    Provider::for_account(&ProviderSettings::Smtp(settings), CALL_TIMEOUT).unwrap()
}

fn mail_to(recipient: &str) -> Outgoing {
    let message_id = Uuid::now_v7().to_string();
    Outgoing {
        unsubscribe_url: Some(format!("https://vendzz.example/unsubscribe/{message_id}")),
        message: CampaignMessage {
            message_id,
            account_id: "conta".to_owned(),
            quiz_id: "quiz".to_owned(),
            response_id: Uuid::now_v7().to_string(),
            campaign_id: "campanha".to_owned(),
            revision: Uuid::now_v7().to_string(),
            step_id: "passo".to_owned(),
            channel: "email".to_owned(),
            trigger: "completed".to_owned(),
            recipient: recipient.to_owned(),
            recipient_name: "Ana Conceição".to_owned(),
            language: "pt-BR".to_owned(),
            subject: "Sua vaga está à espera".to_owned(),
            body: "Olá, Ana!\n.\nAté já.\n".to_owned(),
            html: "<p>Olá, Ana!</p>".to_owned(),
            provider_template: None,
            due_at: 0,
            max_late_ms: 0,
            quiet_hours: None,
            frequency_cap: None,
            sender_pool: "padrao".to_owned(),
            unless_finished: false,
            unless_sent: None,
            made_from_at: 0,
        },
        from: "Escola Norte <oi@escola.example>".to_owned(),
        report_url: None,
    }
}

/// The journal's lines of a message.
fn journal(outgoing: &Outgoing) -> Vec<Value> {
    let text = std::fs::read_to_string(local().join("data/mail/journal.jsonl")).unwrap();
    let wanted = format!("<{}@escola.example>", outgoing.message.message_id);
    text.lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["message_id"] == wanted.as_str())
        .collect()
}

fn away(reason: &'static str) -> Outcome {
    Outcome::NotTaken(NotTaken { reason, retry_after: None, kind: NotTakenKind::Away })
}

#[tokio::test]
async fn a_mail_is_kept_once_as_it_was_written() {
    let outgoing = mail_to("ana@ok.example");
    let outcome = provider(settings()).send(&outgoing).await;
    let reference = format!("{}@escola.example", outgoing.message.message_id);
    assert_eq!(outcome, Outcome::Accepted { reference });
    let lines = journal(&outgoing);
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["recipient"], "ana@ok.example");
    let file = local().join("data/mail").join(lines[0]["file"].as_str().unwrap());
    let text = std::fs::read_to_string(file).unwrap();
    for expected in [
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
        "From: \"Escola Norte\" <oi@escola.example>\r\n",
        "Content-Type: multipart/alternative;",
        // The body in base64, with CR LF at the end of its lines.
        "\r\nT2zDoSwgQW5hIQ0KLg0KQXTDqSBqw6EuDQo=\r\n",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}

#[tokio::test]
async fn a_mail_of_html_alone_can_be_read_as_text() {
    let mut outgoing = mail_to("ana@ok.example");
    outgoing.message.body = String::new();
    let outcome = provider(settings()).send(&outgoing).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    let line = journal(&outgoing).remove(0);
    let text =
        std::fs::read_to_string(local().join("data/mail").join(line["file"].as_str().unwrap())).unwrap();
    let (_, plain) = text.split_once("Content-Type: text/plain; charset=utf-8\r\n").unwrap();
    // "Olá, Ana!" as quoted-printable.
    assert!(plain.split("\r\n--").next().unwrap().ends_with("\r\n\r\nOl=C3=A1, Ana!"), "{text}");
}

#[tokio::test]
async fn each_domain_has_its_outcome_and_the_journal_agrees() {
    let provider = provider(settings());
    let deferred =
        Outcome::NotTaken(NotTaken { reason: "deferred", retry_after: None, kind: NotTakenKind::Later });
    let cut = Outcome::Unknown { reason: "connection_cut" };
    for (domain, expected, kept) in [
        ("later.example", deferred, 0),
        ("refused.example", Outcome::Refused { reason: "invalid_recipient", opted_out: false }, 0),
        ("cut.example", cut.clone(), 1),
        ("lost.example", cut, 0),
    ] {
        let outgoing = mail_to(&format!("ana@{domain}"));
        assert_eq!(provider.send(&outgoing).await, expected, "{domain}");
        assert_eq!(journal(&outgoing).len(), kept, "{domain}");
    }
    assert!(matches!(provider.send(&mail_to("ana@ok.example")).await, Outcome::Accepted { .. }));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_certificate_are_outages() {
    let wrong_password = SmtpSettings { password: Secret::new("wrong"), ..settings() };
    let no_ca = SmtpSettings { ca: None, ..settings() };
    let other_name = SmtpSettings { host: "127.0.0.2".to_owned(), ..settings() };
    for (settings, reason) in [(wrong_password, "credentials"), (no_ca, "tls")] {
        let outgoing = mail_to("ana@ok.example");
        assert_eq!(provider(settings).send(&outgoing).await, away(reason));
        assert!(journal(&outgoing).is_empty());
    }
    // It listens on 127.0.0.1 only.
    assert_eq!(provider(other_name).send(&mail_to("ana@ok.example")).await, away("connect"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_are_each_kept_once() {
    const SENDERS: usize = 20;
    const MAILS: usize = 50;
    let provider = Arc::new(provider(settings()));
    let started = Instant::now();
    let mut senders = Vec::new();
    for _ in 0..SENDERS {
        let provider = Arc::clone(&provider);
        senders.push(tokio::spawn(async move {
            let mut sent = Vec::new();
            for _ in 0..MAILS {
                let outgoing = mail_to("ana@ok.example");
                assert!(matches!(provider.send(&outgoing).await, Outcome::Accepted { .. }));
                sent.push(outgoing.message.message_id);
            }
            sent
        }));
    }
    let mut sent = Vec::new();
    for sender in senders {
        sent.extend(sender.await.unwrap());
    }
    let rate = (SENDERS * MAILS) as f64 / started.elapsed().as_secs_f64();
    println!("{rate:.0} mails a second over {SENDERS} connections");
    let text = std::fs::read_to_string(local().join("data/mail/journal.jsonl")).unwrap();
    for message_id in sent {
        assert_eq!(text.matches(&message_id).count(), 1);
    }
    assert!(started.elapsed() < Duration::from_secs(60), "{rate}");
}
