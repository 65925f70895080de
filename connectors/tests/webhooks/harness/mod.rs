//! A database with the tables of `sending`, the running service, and rows of the ledger.

mod database;
mod service;

pub(crate) use database::{Database, LedgerRow};
pub(crate) use service::{Answer, PUBLIC_URL, Service};

pub(crate) mod service_files {
    pub(crate) use super::service::{private_file, variables};
}

/// Two accounts; `conta-1` has all kinds of providers.
pub(crate) const SENDERS: &str = r#"{"accounts": {
    "conta-1": {"timeZone": "America/Sao_Paulo", "providers": {
        "twilio": {"kind": "twilio", "baseUrl": "https://api.twilio.com", "accountSid": "AC1", "authToken": "token-of-conta-1"},
        "meta": {"kind": "meta", "baseUrl": "https://graph.facebook.com", "accessToken": "a", "appSecret": "app-secret-1", "verifyToken": "verify-1"},
        "mail": {"kind": "smtp", "host": "localhost", "port": 587, "tls": "none", "user": "u", "password": "p"}}, "pools": {}},
    "conta-2": {"timeZone": "America/Sao_Paulo", "providers": {
        "twilio": {"kind": "twilio", "baseUrl": "https://api.twilio.com", "accountSid": "AC2", "authToken": "token-of-conta-2"}}, "pools": {}}}}"#;

pub(crate) const UNSUBSCRIBE_KEY: &[u8] = b"0123456789abcdef0123456789abcdef";
