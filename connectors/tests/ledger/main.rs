//! The ledger's store on a real PostgreSQL (`infra/local/stack up` first), each test in a database of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod answers;
mod backlog;
mod before_the_call;
#[allow(dead_code, reason = "it has what the tests of the webhooks ask for besides")]
#[path = "../webhooks/harness/database.rs"]
mod database;
mod earlier_messages;
mod failed_admissions;
mod finished;
mod intake;
mod leasing;
mod machine_walk;
mod many_rows;
mod outbox;
mod random_life;
mod reports_together;
mod two_workers;
mod world;
