//! `vendzz-send-sms`: takes the messages of the channel sms to their providers.

use std::process::ExitCode;

use vendzz_connectors::sender;
use vendzz_schemas::campaign::Channel;

fn main() -> ExitCode {
    sender::program(Channel::Sms)
}
