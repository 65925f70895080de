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
}

impl Service {
    pub const ALL: [Self; 6] =
        [Self::Edge, Self::Admin, Self::State, Self::Analytics, Self::Fanout, Self::Abandonment];
    /// What takes and projects answers.
    pub const OF_ANSWERS: [Self; 4] = [Self::Edge, Self::Admin, Self::State, Self::Analytics];
    /// What follows them up.
    pub const OF_FOLLOW_UP: [Self; 2] = [Self::Fanout, Self::Abandonment];

    pub fn name(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::Admin => "admin",
            Self::State => "state",
            Self::Analytics => "analytics",
            Self::Fanout => "fanout",
            Self::Abandonment => "abandonment",
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
