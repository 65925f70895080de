#![allow(clippy::unwrap_used)]

use std::time::Duration;

use vendzz_runtime::config::Secret;
use vendzz_schemas::campaign::Channel;

use super::scripted_server::{Do, ScriptedServer};
use super::*;
use crate::providers::samples::outgoing;
use crate::providers::settings::SmtpTls;
use crate::sample_message::MESSAGE_ID;

use Do::{Cut, Nothing, Say};

const LONG: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(300);

fn smtp(server: &ScriptedServer, tls: SmtpTls, timeout: Duration) -> Smtp {
    let settings = SmtpSettings {
        host: "127.0.0.1".to_owned(),
        port: server.address.port(),
        tls,
        ca: None,
        user: "vendzz".to_owned(),
        password: Secret::new("hidden-password"),
    };
    Smtp::new(&settings, timeout).unwrap()
}

async fn answered(word: &'static str, act: Do) -> Outcome {
    let server = ScriptedServer::start([(word, act)]).await;
    smtp(&server, SmtpTls::None, LONG).send(&outgoing(Channel::Email)).await
}

fn accepted() -> Outcome {
    Outcome::Accepted { reference: format!("{MESSAGE_ID}@escola.example") }
}

fn later(reason: &'static str) -> Outcome {
    Outcome::NotTaken(NotTaken { reason, retry_after: None, kind: NotTakenKind::Later })
}

fn away(reason: &'static str) -> Outcome {
    Outcome::NotTaken(NotTaken { reason, retry_after: None, kind: NotTakenKind::Away })
}

fn refused(reason: &'static str) -> Outcome {
    Outcome::Refused { reason, opted_out: false }
}

fn unknown(reason: &'static str) -> Outcome {
    Outcome::Unknown { reason }
}

#[tokio::test]
async fn each_reply_at_each_step_has_its_outcome() {
    let cases = [
        ("CONNECT", Say("554 no SMTP service here"), away("connect")),
        ("CONNECT", Say("421 closing"), away("closing")),
        ("CONNECT", Say("HTTP/1.1 400 Bad Request"), away("connect")),
        ("CONNECT", Cut, away("connect")),
        ("EHLO", Say("502 what"), away("connect")),
        ("EHLO", Cut, away("connect")),
        ("EHLO", Say("250 without AUTH"), away("credentials")),
        ("AUTH", Say("535 5.7.8 wrong"), away("credentials")),
        ("AUTH", Say("534 too weak"), away("credentials")),
        ("AUTH", Say("454 4.7.0 temporary"), away("auth_unavailable")),
        ("AUTH", Say("250 not a reply to AUTH"), away("credentials")),
        ("AUTH", Cut, away("credentials")),
        ("MAIL", Say("530 authentication required"), away("credentials")),
        ("MAIL", Say("450 busy"), away("server_busy")),
        ("MAIL", Say("452 full"), away("server_busy")),
        ("MAIL", Say("421 closing"), away("closing")),
        ("MAIL", Say("550 not you"), refused("sender_refused")),
        ("MAIL", Say("552 too much"), refused("too_long")),
        ("MAIL", Say("503 bad sequence"), away("protocol")),
        ("MAIL", Say("354 out of step"), away("protocol")),
        ("MAIL", Say("nonsense"), away("connect")),
        ("MAIL", Cut, away("connect")),
        ("RCPT", Say("450 4.2.0 busy"), later("deferred")),
        ("RCPT", Say("451 4.7.1 greylisted"), later("deferred")),
        ("RCPT", Say("452 full"), later("deferred")),
        ("RCPT", Say("421 closing"), away("closing")),
        ("RCPT", Say("550 5.1.1 no such mailbox"), refused("invalid_recipient")),
        ("RCPT", Say("551 not local"), refused("invalid_recipient")),
        ("RCPT", Say("553 name"), refused("invalid_recipient")),
        ("RCPT", Say("501 syntax"), refused("invalid_recipient")),
        ("RCPT", Say("552 mailbox full"), refused("mailbox_full")),
        ("RCPT", Say("554 no"), refused("refused")),
        ("RCPT", Say("530 authentication required"), away("credentials")),
        ("RCPT", Cut, away("connect")),
        ("DATA", Say("451 error"), later("deferred")),
        ("DATA", Say("554 no valid recipients"), refused("refused")),
        ("DATA", Say("250 out of step"), away("protocol")),
        ("DATA", Say("421 closing"), away("closing")),
        ("DATA", Cut, away("connect")),
        ("DATA-LINE", Cut, unknown("connection_cut")),
        (".", Say("250 kept"), accepted()),
        (".", Say("451 4.3.0 error"), later("deferred")),
        (".", Say("452 full"), later("deferred")),
        (".", Say("421 closing"), away("closing")),
        (".", Say("552 too much"), refused("too_long")),
        (".", Say("554 5.7.1 spam"), refused("content_refused")),
        (".", Say("354 go on"), unknown("answer_not_understood")),
        (".", Say("221 bye"), unknown("answer_not_understood")),
        (".", Say("garbage"), unknown("connection_cut")),
        (".", Say("999 no such code"), unknown("connection_cut")),
        (".", Cut, unknown("connection_cut")),
    ];
    for (word, act, expected) in cases {
        assert_eq!(answered(word, act).await, expected, "{word} {act:?}");
    }
}

#[tokio::test]
async fn silence_is_unknown_only_once_the_mail_has_begun_to_leave() {
    for (word, expected) in [
        ("CONNECT", away("timeout")),
        ("AUTH", away("timeout")),
        ("RCPT", away("timeout")),
        ("DATA", away("timeout")),
        (".", unknown("timeout")),
    ] {
        let server = ScriptedServer::start([(word, Nothing)]).await;
        let smtp = smtp(&server, SmtpTls::None, SHORT);
        assert_eq!(smtp.send(&outgoing(Channel::Email)).await, expected, "{word}");
        assert_eq!(smtp.pool.idle_connections(), 0, "{word}: a connection out of step was kept");
    }
}

#[tokio::test]
async fn nobody_there_is_not_taken() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = SmtpSettings {
        host: "127.0.0.1".to_owned(),
        port: listener.local_addr().unwrap().port(),
        tls: SmtpTls::Starttls,
        ca: None,
        user: "vendzz".to_owned(),
        password: Secret::new("hidden-password"),
    };
    drop(listener);
    let smtp = Smtp::new(&settings, LONG).unwrap();
    assert_eq!(smtp.send(&outgoing(Channel::Email)).await, away("connect"));
}

#[tokio::test]
async fn without_starttls_no_password_leaves() {
    // Not offered, refused, offered by a server that then speaks no TLS, and answers put behind the answer.
    let offer = "250-scripted\r\n250-STARTTLS\r\n250 AUTH PLAIN";
    let injected = "220 go on\r\n250-scripted\r\n250 AUTH PLAIN\r\n235 welcome";
    for script in [
        vec![],
        vec![("EHLO", Say(offer)), ("STARTTLS", Say("454 not now"))],
        vec![("EHLO", Say(offer)), ("STARTTLS", Say("502 what"))],
        vec![("EHLO", Say(offer)), ("STARTTLS", Say(injected))],
        vec![("EHLO", Say(offer)), ("STARTTLS", Cut)],
    ] {
        let server = ScriptedServer::start(script.clone()).await;
        let outcome = smtp(&server, SmtpTls::Starttls, LONG).send(&outgoing(Channel::Email)).await;
        assert_eq!(outcome, away("tls"), "{script:?}");
        let heard = server.heard().concat();
        assert!(!heard.iter().any(|word| word == "AUTH" || word == "MAIL"), "{heard:?}");
    }
    // And by TLS from the first byte.
    let server = ScriptedServer::start([]).await;
    let outcome = smtp(&server, SmtpTls::Implicit, LONG).send(&outgoing(Channel::Email)).await;
    assert_eq!(outcome, away("connect"));
    assert!(!server.heard().concat().iter().any(|word| word == "EHLO" || word == "AUTH"));
}

#[tokio::test]
async fn connections_are_used_again_and_dead_ones_replaced_without_harm() {
    let server = ScriptedServer::start([]).await;
    let smtp = smtp(&server, SmtpTls::None, LONG);
    let mail = outgoing(Channel::Email);
    // A refusal leaves a connection that can be used.
    server.then("RCPT", Say("550 no such mailbox"));
    assert_eq!(smtp.send(&mail).await, refused("invalid_recipient"));
    assert_eq!(smtp.send(&mail).await, accepted());
    assert_eq!(smtp.send(&mail).await, accepted());
    assert_eq!(server.heard().len(), 1);
    assert_eq!(
        server.heard()[0].join(" "),
        "EHLO AUTH MAIL RCPT RSET MAIL RCPT DATA . RSET MAIL RCPT DATA ."
    );
    // Dead when it is looked at: another one, and the mail goes once.
    server.then("RSET", Cut);
    assert_eq!(smtp.send(&mail).await, accepted());
    assert_eq!(server.heard().len(), 2);
    server.then("RSET", Say("421 idle for too long"));
    assert_eq!(smtp.send(&mail).await, accepted());
    assert_eq!(server.heard().len(), 3);
    assert_eq!(server.mails().len(), 4);
    // Cut in the midst of a mail, or announced to end: not kept.
    server.then(".", Cut);
    assert_eq!(smtp.send(&mail).await, unknown("connection_cut"));
    assert_eq!(smtp.pool.idle_connections(), 0);
    server.then("MAIL", Say("421 closing"));
    assert_eq!(smtp.send(&mail).await, away("closing"));
    assert_eq!(smtp.pool.idle_connections(), 0);
}

#[tokio::test]
async fn a_connection_takes_a_hundred_mails() {
    let server = ScriptedServer::start([]).await;
    let smtp = smtp(&server, SmtpTls::None, LONG);
    for _ in 0..101 {
        assert_eq!(smtp.send(&outgoing(Channel::Email)).await, accepted());
    }
    let heard = server.heard();
    let mails = |words: &Vec<String>| words.iter().filter(|word| *word == ".").count();
    assert_eq!(heard.iter().map(mails).collect::<Vec<_>>(), [100, 1]);
}

#[tokio::test]
async fn what_can_be_no_mail_is_refused_without_a_connection() {
    let server = ScriptedServer::start([]).await;
    let smtp = smtp(&server, SmtpTls::None, LONG);
    let mut no_address = outgoing(Channel::Email);
    no_address.message.recipient = "ana@ok.example\r\nRCPT TO:<eva@ok.example>".to_owned();
    assert_eq!(smtp.send(&no_address).await, refused("invalid_recipient"));
    assert_eq!(smtp.send(&outgoing(Channel::Sms)).await, refused("wrong_channel"));
    assert!(server.heard().is_empty());
}

#[tokio::test]
async fn lines_that_begin_with_a_dot_arrive_as_they_are() {
    let server = ScriptedServer::start([]).await;
    let mut mail = outgoing(Channel::Email);
    mail.message.body = "first\r\n.\r\n..\r\n.last\r\n".to_owned();
    assert_eq!(smtp(&server, SmtpTls::None, LONG).send(&mail).await, accepted());
    let sent = &server.mails()[0];
    assert!(sent.contains("\r\n\r\nfirst\r\n.\r\n..\r\n.last\r\n"), "{sent}");
}
