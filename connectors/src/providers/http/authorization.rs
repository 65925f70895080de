use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::HeaderValue;
use vendzz_runtime::config::Secret;

use crate::providers::ProviderError;

/// `Authorization: Basic` (RFC 7617), which `Debug` does not show.
pub(in crate::providers) fn basic(user: &str, password: &Secret) -> Result<HeaderValue, ProviderError> {
    secret_header(&format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.reveal()))))
}

/// `Authorization: Bearer` (RFC 6750), which `Debug` does not show.
pub(in crate::providers) fn bearer(token: &Secret) -> Result<HeaderValue, ProviderError> {
    secret_header(&format!("Bearer {}", token.reveal()))
}

fn secret_header(text: &str) -> Result<HeaderValue, ProviderError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| ProviderError::Credential)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_encoded_and_never_shown() {
        let value = basic("Aladdin", &Secret::new("open sesame")).unwrap();
        assert_eq!(value.to_str().unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "RFC 7617, section 2");
        assert_eq!(format!("{value:?}"), "Sensitive");
        let value = bearer(&Secret::new("mF_9.B5f-4.1JqM")).unwrap();
        assert_eq!(value.to_str().unwrap(), "Bearer mF_9.B5f-4.1JqM", "RFC 6750, section 2.1");
        assert_eq!(format!("{value:?}"), "Sensitive");
        assert!(bearer(&Secret::new("two\nlines")).is_err());
    }
}
