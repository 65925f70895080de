//! What is not HTTP at all never reaches a handler: hyper answers it with a status and no body. Here
//! such an answer gets the problem document that every other refusal of ours has.

use hyper::StatusCode;
use vendzz_runtime::http::Problem;

/// The answer to send instead of `bytes`, when these are a refusal that hyper wrote by itself: only
/// those have a 4xx status and no `content-type`.
pub(super) fn replacement_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let status = bytes.strip_prefix(b"HTTP/1.1 4")?;
    let head = std::str::from_utf8(bytes).ok()?;
    if head.contains("content-type:") || !head.ends_with("\r\n\r\n") {
        return None;
    }
    let problem = match &status[..2] {
        b"00" => Problem::new(
            StatusCode::BAD_REQUEST,
            "bad_http",
            "Not an HTTP request",
            "The request line or a header is not as HTTP asks.",
        ),
        b"14" => Problem::new(
            StatusCode::URI_TOO_LONG,
            "uri_too_long",
            "URI too long",
            "The request's URI is too long.",
        ),
        b"31" => Problem::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "headers_too_large",
            "Headers too large",
            "The request's headers are too many or too long.",
        ),
        _ => return None,
    };
    Some(on_the_wire(&problem))
}

/// The answer to a request whose head did not come in time.
pub(super) fn head_too_slow() -> Vec<u8> {
    on_the_wire(&Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "head_too_slow",
        "Head too slow",
        "The request's headers did not come in time.",
    ))
}

/// The answer to a connection over the cap.
pub(super) fn too_many_connections() -> Vec<u8> {
    on_the_wire(
        &Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too_many_connections",
            "Too busy",
            "This server has as many connections as it can have.",
        )
        .retry_after(1),
    )
}

fn on_the_wire(problem: &Problem) -> Vec<u8> {
    let body = problem.to_json();
    let status = problem.status;
    let reason = status.canonical_reason().unwrap_or_default();
    let retry_after =
        problem.retry_after_seconds.map(|seconds| format!("retry-after: {seconds}\r\n")).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {} {reason}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\
         cache-control: no-store\r\naccess-control-allow-origin: *\r\n{retry_after}connection: close\r\n\r\n",
        status.as_u16(),
        body.len(),
    );
    [head.into_bytes(), body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_hyper_writes_by_itself_is_replaced() {
        let bare = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let replaced = String::from_utf8(replacement_of(bare).unwrap()).unwrap();
        assert!(
            replaced.starts_with("HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\n")
        );
        assert!(replaced.ends_with('}') && replaced.contains("urn:vendzz:problem:bad_http"));
        let ours = b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(replacement_of(ours), None);
        assert_eq!(replacement_of(b"HTTP/1.1 204 No Content\r\n\r\n"), None);
        assert_eq!(replacement_of(b"HTTP/1.1 4"), None);
        assert_eq!(replacement_of(b""), None);
    }
}
