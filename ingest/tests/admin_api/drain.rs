use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::harness::{Admin, Answer, HeldLock, TOKEN, document, quiz_id, versions_in_log};

#[tokio::test]
async fn a_drain_finishes_what_has_begun_and_takes_nothing_new() {
    let mut admin = Admin::start().await;
    let id = quiz_id("drained");
    let mut lock = HeldLock::take(&id).await;
    let request = tokio::spawn(admin.put_request(&id, &document("um"), &[]).send());
    lock.wait_for_waiters(1).await;
    admin.signal(Signal::SIGTERM);
    let deadline = Instant::now() + Duration::from_secs(5);
    while TcpStream::connect(&admin.address).is_ok() {
        assert!(Instant::now() < deadline, "still accepts connections");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (status, readiness) = admin.readiness().await;
    assert_eq!((status, readiness["status"].as_str()), (503, Some("draining")));
    lock.release().await;
    let answer = Answer::of(request.await.unwrap().unwrap()).await;
    assert_eq!((answer.status, answer.outcome()), (201, "created"));
    assert_eq!(admin.exit_status(Duration::from_secs(5)).await.code(), Some(0));
    assert_eq!(versions_in_log(&id).await, [answer.version()]);
}

#[tokio::test]
async fn a_body_that_is_not_complete_does_not_hold_up_the_drain() {
    let mut admin = Admin::start().await;
    let id = quiz_id("slow");
    let mut connection = TcpStream::connect(&admin.address).unwrap();
    let head = format!(
        "PUT /api/quizzes/{id} HTTP/1.1\r\nHost: admin\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{\"accountId\":"
    );
    connection.write_all(head.as_bytes()).unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let started = Instant::now();
    admin.signal(Signal::SIGTERM);
    let answer = tokio::task::spawn_blocking(move || {
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("urn:vendzz:problem:draining"), "{answer}");
    assert_eq!(admin.exit_status(Duration::from_secs(5)).await.code(), Some(0));
    let took = started.elapsed();
    assert!(took > Duration::from_secs(2) && took < Duration::from_secs(6), "{took:?}");
}
