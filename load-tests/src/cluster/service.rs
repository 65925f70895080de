use std::fmt;

/// A service of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    Edge,
    Admin,
    State,
    Analytics,
    Fanout,
    Abandonment,
    Webhooks,
    SendSms,
    SendEmail,
    SendWhatsapp,
    SendVoice,
}

impl Service {
    /// What takes and projects answers.
    pub const OF_ANSWERS: [Self; 4] = [Self::Edge, Self::Admin, Self::State, Self::Analytics];
    /// What follows them up.
    pub const OF_FOLLOW_UP: [Self; 2] = [Self::Fanout, Self::Abandonment];
    /// The workers of the channels.
    pub const SENDERS: [Self; 4] = [Self::SendSms, Self::SendEmail, Self::SendWhatsapp, Self::SendVoice];

    pub fn name(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::Admin => "admin",
            Self::State => "state",
            Self::Analytics => "analytics",
            Self::Fanout => "fanout",
            Self::Abandonment => "abandonment",
            Self::Webhooks => "webhooks",
            Self::SendSms => "send-sms",
            Self::SendEmail => "send-email",
            Self::SendWhatsapp => "send-whatsapp",
            Self::SendVoice => "send-voice",
        }
    }

    pub(super) fn program(self) -> &'static str {
        match self {
            Self::Edge => "vendzz-edge",
            Self::Admin => "vendzz-admin",
            Self::State => "vendzz-project-state",
            Self::Analytics => "vendzz-project-analytics",
            Self::Fanout => "vendzz-fanout",
            Self::Abandonment => "vendzz-abandonment",
            Self::Webhooks => "vendzz-webhooks",
            Self::SendSms => "vendzz-send-sms",
            Self::SendEmail => "vendzz-send-email",
            Self::SendWhatsapp => "vendzz-send-whatsapp",
            Self::SendVoice => "vendzz-send-voice",
        }
    }
}

/// One of perhaps several processes of a service, e.g. `state-2`; also its static membership's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instance {
    service: Service,
    number: u8,
}

impl Instance {
    pub const fn first(service: Service) -> Self {
        Self { service, number: 1 }
    }

    /// From 1 on.
    pub const fn numbered(service: Service, number: u8) -> Self {
        Self { service, number }
    }

    pub fn service(self) -> Service {
        self.service
    }
}

impl fmt::Display for Instance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.service.name(), self.number)
    }
}
