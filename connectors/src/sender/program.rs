use std::process::ExitCode;

use vendzz_runtime::service::{self, Identity};
use vendzz_schemas::campaign::Channel;

use super::{DRAIN, SenderConfig, run};

/// The whole program of a channel's worker.
pub fn program(channel: Channel) -> ExitCode {
    service::run(identity_of(channel), |env| SenderConfig::read(env, channel), run)
}

fn identity_of(channel: Channel) -> Identity {
    let (name, about, private_port) = match channel {
        Channel::Sms => ("vendzz-send-sms", "takes the messages of the channel sms to their providers", 9470),
        Channel::Email => {
            ("vendzz-send-email", "takes the messages of the channel email to their providers", 9471)
        }
        Channel::Whatsapp => {
            ("vendzz-send-whatsapp", "takes the messages of the channel whatsapp to their providers", 9472)
        }
        Channel::Voice => {
            ("vendzz-send-voice", "takes the messages of the channel voice to their providers", 9473)
        }
    };
    Identity { name, about, private_port, drain_deadline: DRAIN }
}
