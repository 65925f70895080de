//! `vendzz-admin`: publishes quizzes.

use std::process::ExitCode;

use vendzz_ingest::admin::{self, AdminConfig, DRAIN_DEADLINE};
use vendzz_runtime::service::{Identity, run};

fn main() -> ExitCode {
    let identity = Identity {
        name: "vendzz-admin",
        about: "publishes and unpublishes quizzes",
        private_port: 9465,
        drain_deadline: DRAIN_DEADLINE,
    };
    run(identity, AdminConfig::read, admin::run)
}
