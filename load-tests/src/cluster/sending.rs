//! What the services that send are told: accounts' senders at a simulator, and times short enough for a test.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use serde_json::{Value, json};

use super::{Cluster, Instance, InstanceAddresses, Service, free_address, restrict};

/// Of the example campaigns.
const ACCOUNTS: [&str; 3] = ["conta-credito-claro", "conta-escola-norte", "conta-vida-leve"];
const UNSUBSCRIBE_KEY: &str = "an-unsubscribe-key-of-this-test-alone-0123456789";
/// The least lease that fits to a call's timeout and two statements of a database.
const LEASE: &str = "6s";
const CALL_TIMEOUT: &str = "2s";
const STATEMENT_TIMEOUT: &str = "1500ms";

impl Cluster {
    /// The accounts' senders, for the services and for the simulator.
    pub fn senders_file(&self) -> PathBuf {
        self.folder.path().join("senders.json")
    }

    /// Where the providers and recipients reach the webhooks.
    pub fn public_url(&mut self) -> anyhow::Result<String> {
        let addresses = self.addresses_of(Instance::first(Service::Webhooks))?;
        Ok(format!("http://{}", addresses.public))
    }

    pub(super) fn write_sending_files(&mut self, simulator: SocketAddr) -> anyhow::Result<()> {
        // Its address stands in what the senders tell the providers.
        self.public_url()?;
        let accounts: serde_json::Map<String, Value> = ACCOUNTS
            .iter()
            .enumerate()
            .map(|(number, account)| {
                anyhow::Ok(((*account).to_owned(), account_of(account, number, simulator)?))
            })
            .collect::<anyhow::Result<_>>()?;
        for (file, content) in [
            (self.senders_file(), json!({"accounts": accounts}).to_string()),
            (self.unsubscribe_key_file(), UNSUBSCRIBE_KEY.to_owned()),
        ] {
            fs::write(&file, content)?;
            restrict(&file)?;
        }
        Ok(())
    }

    fn unsubscribe_key_file(&self) -> PathBuf {
        self.folder.path().join("unsubscribe-key")
    }

    pub(super) fn sending_env(
        &self,
        instance: Instance,
        addresses: InstanceAddresses,
    ) -> Vec<(&'static str, String)> {
        let webhooks = self.addresses.get(&Instance::first(Service::Webhooks));
        let public_url = webhooks.map(|webhooks| format!("http://{}", webhooks.public)).unwrap_or_default();
        let mut pairs = vec![
            ("VENDZZ_SENDERS_FILE", self.senders_file().to_string_lossy().into_owned()),
            ("VENDZZ_PUBLIC_URL", public_url),
            ("VENDZZ_UNSUBSCRIBE_KEY_FILE", self.unsubscribe_key_file().to_string_lossy().into_owned()),
        ];
        if instance.service() == Service::Webhooks {
            pairs.push(("VENDZZ_WEBHOOKS_ADDR", addresses.public.to_string()));
            if let Ok(permissions) = free_address() {
                pairs.push(("VENDZZ_PERMISSIONS_ADDR", permissions.to_string()));
            }
            return pairs;
        }
        for (name, value) in [
            ("VENDZZ_LEASE", LEASE),
            ("VENDZZ_CALL_TIMEOUT", CALL_TIMEOUT),
            ("VENDZZ_POSTGRES_STATEMENT_TIMEOUT", STATEMENT_TIMEOUT),
            ("VENDZZ_POSTGRES_ACQUIRE_TIMEOUT", "1s"),
            ("VENDZZ_LEDGER_SWEEP", "500ms"),
            ("VENDZZ_RETRY_BASE", "200ms"),
            ("VENDZZ_BREAKER_OPEN", "2s"),
        ] {
            pairs.push((name, value.to_owned()));
        }
        pairs
    }
}

/// Generous rates, so that faults and not the senders' limits are met; two providers for SMS.
fn account_of(account: &str, number: usize, simulator: SocketAddr) -> anyhow::Result<Value> {
    let smtp_port: u16 = variable("VENDZZ_SMTP_PORT")?.parse().context("VENDZZ_SMTP_PORT")?;
    let password_file = variable("VENDZZ_SMTP_PASSWORD_FILE")?;
    let password = fs::read_to_string(&password_file)
        .with_context(|| format!("{password_file}: start the local stack (infra/local/stack up)"))?;
    let twilio = |digit: char, token: &str| {
        let sid = format!("AC{}{number:02}", digit.to_string().repeat(30));
        json!({"kind": "twilio", "baseUrl": format!("http://{simulator}"), "accountSid": sid,
            "authToken": format!("{token}-of-{account}")})
    };
    let sender = |id: &str, address: String, provider: &str| json!({"id": id, "address": address, "provider": provider, "perSecond": 500, "burst": 500});
    let mail = |name: &str| format!("{name} <{name}@{account}.example>");
    Ok(json!({
        "timeZone": "America/Sao_Paulo",
        "providers": {
            "twilio": twilio('0', "first"),
            "reserva": twilio('1', "second"),
            "meta": {"kind": "meta", "baseUrl": format!("http://{simulator}/v23.0"),
                "accessToken": format!("access-of-{account}"), "appSecret": format!("secret-of-{account}"),
                "verifyToken": format!("verify-of-{account}")},
            "correio": {"kind": "smtp", "host": "localhost", "port": smtp_port, "tls": "starttls",
                "caFile": variable("VENDZZ_SMTP_CA")?, "user": "vendzz", "password": password.trim()},
        },
        "pools": {
            "sms": {"padrao": [
                sender("sms-1", format!("+55114000{number:02}01"), "twilio"),
                sender("sms-2", format!("+55114000{number:02}02"), "reserva"),
            ]},
            "voice": {"padrao": [sender("voz-1", format!("+55114000{number:02}03"), "twilio")]},
            "whatsapp": {"padrao": [sender("wa-1", format!("1000000000{number:02}"), "meta")]},
            "email": {
                "padrao": [sender("mail-1", mail("contato"), "correio")],
                "novidades": [sender("mail-2", mail("novidades"), "correio")],
            },
        },
    }))
}

fn variable(name: &str) -> anyhow::Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set: . infra/local/env"))
}
