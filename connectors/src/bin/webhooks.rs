//! `vendzz-webhooks`: takes delivery reports, inbound messages and unsubscriptions; serves consent and suppression.
#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Duration;

use vendzz_connectors::webhooks::{self, WebhooksConfig};
use vendzz_runtime::service::{Identity, run};

const IDENTITY: Identity = Identity {
    name: "vendzz-webhooks",
    about: "takes delivery reports, inbound messages and unsubscriptions; serves consent and suppression",
    private_port: 9474,
    drain_deadline: Duration::from_secs(15),
};

fn main() -> ExitCode {
    run(IDENTITY, WebhooksConfig::read, webhooks::run)
}
