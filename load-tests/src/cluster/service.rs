use std::fmt;

/// A service of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    Edge,
    Admin,
    State,
    Analytics,
}

impl Service {
    pub const ALL: [Self; 4] = [Self::Edge, Self::Admin, Self::State, Self::Analytics];

    pub fn name(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::Admin => "admin",
            Self::State => "state",
            Self::Analytics => "analytics",
        }
    }

    pub(super) fn program(self) -> &'static str {
        match self {
            Self::Edge => "vendzz-edge",
            Self::Admin => "vendzz-admin",
            Self::State => "vendzz-project-state",
            Self::Analytics => "vendzz-project-analytics",
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
