use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;
use vendzz_runtime::http::Problem;
use vendzz_schemas::campaign::Channel;

use super::Hooks;
use crate::permissions::{Actor, Contact, Key, Reason};
use crate::webhooks::body::read_whole;
use crate::webhooks::events::{StoreFailed, UnsubscribeAsked};
use crate::webhooks::page::{Language, Page};

/// `GET /unsubscribe/{token}`: asks. Nothing happens: mail scanners follow every link.
pub(super) async fn ask(
    State(hooks): State<Hooks>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let message_id = hooks.unsubscribe_key.open(&token);
    let (page, outcome) =
        if message_id.is_some() { (Page::Ask, "shown") } else { (Page::NotFound, "forged") };
    UnsubscribeAsked { outcome, message_id }.emit();
    page.answer(Language::of(&headers))
}

/// `POST /unsubscribe/{token}`: of a mail client (RFC 8058) or of the page's button. Answered once the
/// suppression is committed.
pub(super) async fn unsubscribe(
    State(hooks): State<Hooks>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let body = match read_whole(body, &hooks.body_limits).await {
        Ok(body) => body,
        Err(problem) => return problem.into_response(),
    };
    let Some(message_id) = hooks.unsubscribe_key.open(&token) else {
        UnsubscribeAsked { outcome: "forged", message_id: None }.emit();
        return Page::NotFound.answer(Language::of(&headers));
    };
    if !is_one_click(&body) {
        UnsubscribeAsked { outcome: "not_one_click", message_id: Some(message_id) }.emit();
        let detail = "The body must be the form List-Unsubscribe=One-Click (RFC 8058).";
        return Problem::bad("not_one_click", "The body is not an unsubscription", detail).into_response();
    }
    let (page, outcome) = match suppress(&hooks, message_id).await {
        Ok(Some(true)) => (Page::Done, "suppressed"),
        Ok(Some(false)) => (Page::Done, "known"),
        Ok(None) => (Page::NotFound, "unknown_message"),
        Err(error) => {
            StoreFailed { doing: "an unsubscription", error: error.as_ref() }.emit();
            (Page::TryAgain, "failed")
        }
    };
    UnsubscribeAsked { outcome, message_id: Some(message_id) }.emit();
    page.answer(Language::of(&headers))
}

/// As a form, urlencoded or multipart: RFC 8058 section 3.2 allows both.
fn is_one_click(body: &[u8]) -> bool {
    let holds = |needle: &[u8]| body.windows(needle.len()).any(|window| window == needle);
    holds(b"List-Unsubscribe") && holds(b"One-Click")
}

/// Whether the recipient was not suppressed before; `None` when the ledger has no such message.
async fn suppress(hooks: &Hooks, message_id: Uuid) -> anyhow::Result<Option<bool>> {
    let Some((account_id, channel, recipient)) = hooks.permissions.recipient_of(message_id).await? else {
        return Ok(None);
    };
    let channel = Channel::from_wire(&channel)
        .ok_or_else(|| anyhow::anyhow!("message {message_id} is of a channel that is not known"))?;
    let contact = Contact::parse(channel, &recipient)
        .map_err(|error| anyhow::anyhow!("the recipient of message {message_id} {error}"))?;
    let key = Key { account_id, channel, contact };
    let written =
        hooks.permissions.suppress(&[(key, Reason::Unsubscribed)], &Actor::unsubscribe_link()).await?;
    Ok(Some(written.new > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_rfc_8058_are_one_click() {
        assert!(is_one_click(b"List-Unsubscribe=One-Click"));
        let multipart =
            b"--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
        assert!(is_one_click(multipart));
        for other in [&b""[..], b"List-Unsubscribe=", b"One-Click", b"a=b"] {
            assert!(!is_one_click(other));
        }
    }
}
