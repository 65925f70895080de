//! `vendzz-send-voice`: takes the messages of the channel voice to their providers.

use std::process::ExitCode;

use vendzz_connectors::sender;
use vendzz_schemas::campaign::Channel;

fn main() -> ExitCode {
    sender::program(Channel::Voice)
}
