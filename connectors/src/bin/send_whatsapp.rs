//! `vendzz-send-whatsapp`: takes the messages of the channel whatsapp to their providers.

use std::process::ExitCode;

use vendzz_connectors::sender::{self, SenderConfig};
use vendzz_runtime::service::{self, Identity};
use vendzz_schemas::campaign::Channel;

const IDENTITY: Identity = Identity {
    name: "vendzz-send-whatsapp",
    about: "takes the messages of the channel whatsapp to their providers",
    private_port: 9472,
    drain_deadline: sender::DRAIN,
};

fn main() -> ExitCode {
    service::run(IDENTITY, |env| SenderConfig::read(env, Channel::Whatsapp), sender::run)
}
