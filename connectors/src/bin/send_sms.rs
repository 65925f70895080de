//! `vendzz-send-sms`: takes the messages of the channel sms to their providers.

use std::process::ExitCode;

use vendzz_connectors::sender::{self, SenderConfig};
use vendzz_runtime::service::{self, Identity};
use vendzz_schemas::campaign::Channel;

const IDENTITY: Identity = Identity {
    name: "vendzz-send-sms",
    about: "takes the messages of the channel sms to their providers",
    private_port: 9470,
    drain_deadline: sender::DRAIN,
};

fn main() -> ExitCode {
    service::run(IDENTITY, |env| SenderConfig::read(env, Channel::Sms), sender::run)
}
