//! The page behind an unsubscribe link: one file without scripts, pictures or anything from elsewhere.

use std::sync::LazyLock;

use axum::http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
    HeaderValue, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

const STYLE: &str = "body{font:18px/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;color:#222;background:#fff}\
button{font:inherit;padding:.6rem 1.4rem;border:0;border-radius:.4rem;background:#1a56db;color:#fff;cursor:pointer}";

/// Only the style above, and a form to where the page came from.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    HeaderValue::from_str(&policy).expect("the policy is of visible ASCII characters")
});

/// What the page says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// With the button. Nothing has happened.
    Ask,
    Done,
    NotFound,
    TryAgain,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Portuguese,
    English,
    Spanish,
}

impl Language {
    /// The first of ours in `Accept-Language` (RFC 9110 section 12.5.4), by weight; otherwise Portuguese.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let wanted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut best = (0.0, Self::Portuguese);
        for range in wanted.split(',') {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
            let language = match tag.split('-').next().unwrap_or_default() {
                "pt" => Self::Portuguese,
                "en" => Self::English,
                "es" => Self::Spanish,
                _ => continue,
            };
            let weight =
                parts.find_map(|part| part.trim().strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }

    fn tag(self) -> &'static str {
        match self {
            Self::Portuguese => "pt-BR",
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    fn button(self) -> &'static str {
        match self {
            Self::Portuguese => "Cancelar inscrição",
            Self::English => "Unsubscribe",
            Self::Spanish => "Cancelar suscripción",
        }
    }
}

impl Page {
    fn status(self) -> StatusCode {
        match self {
            Self::Ask | Self::Done => StatusCode::OK,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TryAgain => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Title and sentence.
    fn words(self, language: Language) -> (&'static str, &'static str) {
        match (self, language) {
            (Self::Ask, Language::Portuguese) => {
                ("Não quer mais receber?", "Confirme, e não enviaremos mais mensagens para este contato.")
            }
            (Self::Ask, Language::English) => {
                ("No more messages?", "Confirm, and we will send no more messages to this contact.")
            }
            (Self::Ask, Language::Spanish) => {
                ("¿No quiere recibir más?", "Confirme, y no enviaremos más mensajes a este contacto.")
            }
            (Self::Done, Language::Portuguese) => {
                ("Pronto", "Não enviaremos mais mensagens para este contato.")
            }
            (Self::Done, Language::English) => ("Done", "We will send no more messages to this contact."),
            (Self::Done, Language::Spanish) => ("Listo", "No enviaremos más mensajes a este contacto."),
            (Self::NotFound, Language::Portuguese) => {
                ("Link inválido", "Este link está incompleto. Abra-o de novo a partir da mensagem.")
            }
            (Self::NotFound, Language::English) => {
                ("Invalid link", "This link is not complete. Open it again from the message.")
            }
            (Self::NotFound, Language::Spanish) => {
                ("Enlace no válido", "Este enlace está incompleto. Ábralo de nuevo desde el mensaje.")
            }
            (Self::TryAgain, Language::Portuguese) => {
                ("Ainda não", "O pedido não foi registrado. Tente de novo em alguns minutos.")
            }
            (Self::TryAgain, Language::English) => {
                ("Not yet", "The request was not recorded. Please try again in a few minutes.")
            }
            (Self::TryAgain, Language::Spanish) => {
                ("Todavía no", "La solicitud no se registró. Inténtelo de nuevo en unos minutos.")
            }
        }
    }

    pub(super) fn answer(self, language: Language) -> Response {
        let (title, sentence) = self.words(language);
        let (tag, button) = (language.tag(), language.button());
        // The same body that a mail client sends (RFC 8058 section 3.2).
        let form = match self {
            Self::Ask => format!(
                "<form method=\"post\"><input type=\"hidden\" name=\"List-Unsubscribe\" value=\"One-Click\"><button>{button}</button></form>"
            ),
            _ => String::new(),
        };
        let html = format!(
            "<!doctype html><html lang=\"{tag}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\"><title>{title}</title>\
             <style>{STYLE}</style></head><body><h1>{title}</h1><p>{sentence}</p>{form}</body></html>"
        );
        let mut response = (self.status(), html).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(tag));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(VARY, HeaderValue::from_static("accept-language"));
        headers.insert(CONTENT_SECURITY_POLICY, POLICY.clone());
        // The link is a secret of the recipient.
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readers_language_is_found_by_its_weight() {
        let of = |wanted: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_bytes(wanted.as_bytes()).unwrap());
            Language::of(&headers)
        };
        assert_eq!(of("es-MX,es;q=0.9,en;q=0.8"), Language::Spanish);
        assert_eq!(of("fr, en;q=0.5, pt;q=0.4"), Language::English);
        assert_eq!(of("en;q=0.1, pt-BR"), Language::Portuguese);
        for other in ["", "de", "en;q=0", "*", "é", ";;;,,"] {
            assert_eq!(of(other), Language::Portuguese, "{other}");
        }
        assert_eq!(Language::of(&HeaderMap::new()), Language::Portuguese);
    }
}
