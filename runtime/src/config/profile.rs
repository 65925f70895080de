use std::fmt;
use std::str::FromStr;

use super::Env;

/// What an installation is for: how large and how safe its topics are, and what a service demands of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// One broker, which keeps everything.
    Local,
    /// Three replicas, of which two must have a record before it is acknowledged; 90 days.
    Production,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be local or production")]
pub struct UnknownProfile;

impl Profile {
    pub fn read(env: &Env) -> Self {
        env.value("VENDZZ_PROFILE", Self::Local, "local or production (which asks for replicated stores)")
    }

    pub fn is_production(self) -> bool {
        self == Self::Production
    }
}

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "local" => Ok(Self::Local),
            "production" => Ok(Self::Production),
            _ => Err(UnknownProfile),
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Local => "local",
            Self::Production => "production",
        })
    }
}
