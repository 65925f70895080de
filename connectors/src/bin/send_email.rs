//! `vendzz-send-email`: takes the messages of the channel email to their providers.

use std::process::ExitCode;

use vendzz_connectors::sender;
use vendzz_schemas::campaign::Channel;

fn main() -> ExitCode {
    sender::program(Channel::Email)
}
