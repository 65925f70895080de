use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

use crate::providers::accepted::hex;

/// `X-Twilio-Signature` (Twilio, docs/usage/security): HMAC-SHA1 under the auth token over the URL as Twilio was given
/// it, then each parameter of the form, sorted by name, name and value without anything between; in base64.
pub fn twilio_signature(auth_token: &str, url: &str, parameters: &[(&str, String)]) -> String {
    let mut sorted: Vec<&(&str, String)> = parameters.iter().collect();
    sorted.sort();
    let mut mac =
        Hmac::<Sha1>::new_from_slice(auth_token.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(url.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

/// What follows `sha256=` in `X-Hub-Signature-256` (Meta, docs/graph-api/webhooks): HMAC-SHA256 under the app's secret over
/// the body, in hexadecimal.
pub fn hub_signature(app_secret: &str, body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(app_secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(body);
    hex(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked out with another program: Python's hmac, hashlib and base64.
    #[test]
    fn signatures_are_what_another_program_makes_of_them() {
        let parameters = [
            ("MessageStatus", "delivered".to_owned()),
            ("From", "+5511888880000".to_owned()),
            ("AccountSid", "AC1".to_owned()),
        ];
        let url = "http://127.0.0.1:8083/webhooks/c/tw/report?message=1";
        assert_eq!(twilio_signature("segredo", url, &parameters), TWILIO);
        assert_eq!(hub_signature("segredo", br#"{"object":"x"}"#), HUB);
    }

    const TWILIO: &str = "KKO24wDSNYgdk5jQ1wukkDVPi00=";
    const HUB: &str = "ae4b9ac7b6dccbc6d12c5e74d75551b7047b28cfdd139e2d9aae92e7d2e46a5d";
}
