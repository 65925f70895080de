//! The public HTTP edge.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use vendzz_ingest::edge;

fn main() -> ExitCode {
    vendzz_runtime::service::run(edge::IDENTITY, edge::EdgeConfig::read, edge::run)
}
