use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use uuid::Uuid;
use vendzz_load_tests::generator::Connections;
use vendzz_load_tests::processes::cpu_seconds;

use crate::harness::SID;
use crate::killed::{authorization, form, free_address, spawn_simulator};

const REQUESTS: usize = 20_000;
const CLIENTS: usize = 32;
/// Far below what an idle machine does: other work may run beside the test.
const LEAST_PER_SECOND: f64 = 1_000.0;

#[tokio::test(flavor = "multi_thread")]
async fn the_simulator_is_no_bottleneck() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let simulator = spawn_simulator(address, &folder.path().join("accepted.jsonl")).await;
    let pid = simulator.id().unwrap();
    let connections = Arc::new(Connections::to(address, CLIENTS));
    let next = Arc::new(AtomicUsize::new(0));
    let (cpu_before, begin) = (cpu_seconds(pid).unwrap(), Instant::now());
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let (connections, next) = (connections.clone(), next.clone());
        clients.push(tokio::spawn(async move {
            while next.fetch_add(1, Ordering::Relaxed) < REQUESTS {
                let request = Request::post(format!("/2010-04-01/Accounts/{SID}/Messages.json"))
                    .header("host", "simulator")
                    .header("authorization", authorization())
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(Full::new(Bytes::from(form(Uuid::now_v7()))))
                    .unwrap();
                assert_eq!(connections.send(request).await.unwrap().status, 201);
            }
        }));
    }
    for client in clients {
        client.await.unwrap();
    }
    let elapsed = begin.elapsed().as_secs_f64();
    let per_second = REQUESTS as f64 / elapsed;
    let cpu = cpu_seconds(pid).unwrap() - cpu_before;
    println!("{per_second:.0} a second; {:.4} CPU s for 1,000", cpu * 1_000.0 / REQUESTS as f64);
    assert!(per_second >= LEAST_PER_SECOND, "{per_second:.0} a second");
    assert!(elapsed < Duration::from_secs(60).as_secs_f64());
}
