//! `vendzz-abandonment`: tells who gave a contact, left, and did not come back in time.

use std::process::ExitCode;
use std::time::Duration;

use vendzz_processors::abandonment::{self, AbandonmentConfig};
use vendzz_runtime::service::{Identity, run};

const IDENTITY: Identity = Identity {
    name: "vendzz-abandonment",
    about: "tells who gave a contact, left, and did not come back in time",
    private_port: 9469,
    drain_deadline: Duration::from_secs(15),
};

fn main() -> ExitCode {
    run(IDENTITY, AbandonmentConfig::read, abandonment::run)
}
