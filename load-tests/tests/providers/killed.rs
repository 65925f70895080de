use std::collections::HashSet;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::process::{Child, Command};
use uuid::Uuid;

use crate::harness::{AUTH_TOKEN, SID, TO};

const ROUNDS: usize = 5;
const CLIENTS: usize = 16;

pub(crate) async fn spawn_simulator(address: SocketAddr, journal: &Path) -> Child {
    let child = Command::new(env!("CARGO_BIN_EXE_vendzz-load"))
        .args(["providers", "--open", "--addr", &address.to_string(), "--journal"])
        .arg(journal)
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    for _ in 0..200 {
        if tokio::net::TcpStream::connect(address).await.is_ok() {
            return child;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the simulator does not answer at {address}");
}

pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

pub(crate) fn authorization() -> String {
    format!("Basic {}", STANDARD.encode(format!("{SID}:{AUTH_TOKEN}")))
}

pub(crate) fn form(id: Uuid) -> String {
    let callback = format!("http://127.0.0.1:9/report?message={id}");
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("To", TO),
            ("From", "+5511888880000"),
            ("Body", "Olá"),
            ("StatusCallback", &callback),
        ])
        .finish()
}

/// Sends until the simulator is gone; the ids that were answered 201.
async fn send_until_killed(address: SocketAddr, answered: Arc<Mutex<Vec<Uuid>>>) {
    let http = reqwest::Client::new();
    let url = format!("http://{address}/2010-04-01/Accounts/{SID}/Messages.json");
    loop {
        let id = Uuid::now_v7();
        let request = http
            .post(&url)
            .header("authorization", authorization())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form(id));
        match request.send().await {
            Ok(response) if response.status() == 201 => answered.lock().unwrap().push(id),
            Ok(response) => panic!("answered {}", response.status()),
            Err(_) => return,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_answered_stands_in_the_journal_of_a_killed_simulator() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("accepted.jsonl");
    let answered = Arc::new(Mutex::new(Vec::new()));
    for round in 0..ROUNDS {
        let address = free_address();
        let mut simulator = spawn_simulator(address, &journal).await;
        let clients: Vec<_> =
            (0..CLIENTS).map(|_| tokio::spawn(send_until_killed(address, answered.clone()))).collect();
        tokio::time::sleep(Duration::from_millis(300 + 70 * round as u64)).await;
        simulator.kill().await.unwrap();
        for client in clients {
            client.await.unwrap();
        }
    }
    let text = std::fs::read_to_string(&journal).unwrap();
    let whole = &text[..text.rfind('\n').unwrap() + 1];
    let journalled: Vec<String> = whole
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["messageId"].as_str().unwrap().to_owned())
        .collect();
    let distinct: HashSet<&String> = journalled.iter().collect();
    let answered = answered.lock().unwrap().clone();
    let missing = answered.iter().filter(|id| !distinct.contains(&id.to_string())).count();
    println!("{} answered, {} in the journal", answered.len(), journalled.len());
    assert!(answered.len() > 1_000, "too few for the test to say anything: {}", answered.len());
    assert_eq!((missing, distinct.len()), (0, journalled.len()));
    assert!(journalled.len() >= answered.len());

    let address = free_address();
    let _simulator = spawn_simulator(address, &journal).await;
    let summary =
        reqwest::Client::new().get(format!("http://{address}/journal/summary")).send().await.unwrap();
    let summary: Value = summary.json().await.unwrap();
    assert_eq!(summary["accepted"], journalled.len(), "the index is read back");
}
