use vendzz_runtime::config::{ConfigMistakes, Env, Profile};
use vendzz_runtime::kafka::KafkaConfig;
use vendzz_schemas::registry::{RegistryClient, RegistryError};

use crate::exit::Away;

/// Where the parts are.
pub(crate) struct Settings {
    pub(crate) profile: Profile,
    pub(crate) kafka: KafkaConfig,
    pub(crate) registry_url: String,
}

impl Settings {
    pub(crate) fn read() -> Result<Self, ConfigMistakes> {
        let env = Env::process();
        let settings = Self {
            profile: Profile::read(&env),
            kafka: KafkaConfig::read(&env),
            registry_url: env.value(
                "VENDZZ_REGISTRY_URL",
                "http://127.0.0.1:18081/apis/ccompat/v7".to_owned(),
                "base of the schema registry's Confluent API",
            ),
        };
        env.finish()?;
        Ok(settings)
    }

    pub(crate) fn registry(&self) -> anyhow::Result<RegistryClient> {
        RegistryClient::new(&self.registry_url).map_err(registry_failed)
    }
}

/// An error of the registry, with exit status 69 when it is away.
pub(crate) fn registry_failed(error: RegistryError) -> anyhow::Error {
    match error {
        RegistryError::Away { url, detail } => Away {
            part: "the schema registry",
            address: url,
            detail,
            advice: "start it (`make up` starts the local one), or set VENDZZ_REGISTRY_URL",
        }
        .into(),
        RegistryError::Failed { url, detail } => Away {
            part: "the schema registry",
            address: url,
            detail,
            advice: "it answers with an error of its own: look at its log, then try again",
        }
        .into(),
        other => other.into(),
    }
}
