use std::fmt;
use std::str::FromStr;

/// How large and how safe the topics are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// One broker, which keeps everything.
    Local,
    /// Three replicas, of which two must have a record before it is acknowledged; 90 days.
    Production,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be local or production")]
pub(crate) struct UnknownProfile;

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
