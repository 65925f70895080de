use bytes::Bytes;
use http_body_util::Full;
use hyper::StatusCode;
use hyper::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue,
    IF_NONE_MATCH, VARY,
};
use vendzz_runtime::http::Problem;

use super::Asked;
use crate::edge::http::{Class, Response};
use crate::edge::refusals;

static CACHE_TAG: HeaderName = HeaderName::from_static("cache-tag");

/// A browser asks again after a minute, a CDN after an hour or when it is told to; both go on with what
/// they have while we are slow (a day) or away (a week).
const CACHING: &str =
    "public, max-age=60, s-maxage=3600, stale-while-revalidate=86400, stale-if-error=604800";

/// `GET /quiz/{quiz}`: the public view of the published version.
pub fn quiz(asked: &Asked<'_>) -> Result<Response, Problem> {
    let _permit = asked.admit(Class::Page)?;
    if !asked.quiz.is_published {
        return Err(refusals::unknown_quiz());
    }
    let view = &asked.quiz.public;
    let request = &asked.parts.headers;
    let is_gzip = accepts_gzip(request);
    let chosen = if is_gzip { &view.gzip } else { &view.identity };

    let is_known = matches_etag(request, &chosen.etag);
    let body = if is_known { Bytes::new() } else { chosen.body.clone() };
    let mut response = Response::new(Full::new(body));
    let headers = response.headers_mut();
    headers.insert(ETAG, chosen.etag.clone());
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(CACHING));
    headers.insert(&CACHE_TAG, view.cache_tag.clone());
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if is_gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

/// Whether `Accept-Encoding` names gzip (or, without naming it, anything) at a weight above 0.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let mut any = false;
    let lines = headers.get_all(ACCEPT_ENCODING).into_iter().filter_map(|line| line.to_str().ok());
    for offer in lines.flat_map(|line| line.split(',')) {
        let mut parts = offer.split(';').map(str::trim);
        let coding = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let is_wanted = weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0));
        if coding.eq_ignore_ascii_case("gzip") {
            return is_wanted;
        }
        if coding == "*" {
            any = is_wanted;
        }
    }
    any
}

/// `If-None-Match` compares weakly (RFC 9110 section 13.1.2): a CDN may have weakened our tag.
fn matches_etag(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let lines = headers.get_all(IF_NONE_MATCH).into_iter().filter_map(|line| line.to_str().ok());
    let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == etag.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(&name, line.parse().unwrap());
        }
        headers
    }

    #[test]
    fn gzip_is_sent_to_whom_it_is_welcome() {
        for (lines, expected) in [
            (vec![], false),
            (vec!["gzip"], true),
            (vec!["br, GZIP;q=0.5"], true),
            (vec!["gzip;q=0"], false),
            (vec!["gzip; q=0.000, *"], false),
            (vec!["*"], true),
            (vec!["*;q=0"], false),
            (vec!["br", "deflate, gzip"], true),
            (vec!["identity"], false),
            (vec!["gzip;q=nonsense"], false),
        ] {
            assert_eq!(accepts_gzip(&headers(ACCEPT_ENCODING, &lines)), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_known_tag_is_found_in_every_form() {
        let etag = HeaderValue::from_static("\"7-abc\"");
        for (lines, expected) in [
            (vec![], false),
            (vec!["\"7-abc\""], true),
            (vec!["W/\"7-abc\""], true),
            (vec!["\"1\", \"7-abc\""], true),
            (vec!["\"1\"", "\"7-abc\""], true),
            (vec!["*"], true),
            (vec!["\"7-abc-gzip\""], false),
            (vec!["7-abc"], false),
        ] {
            assert_eq!(matches_etag(&headers(IF_NONE_MATCH, &lines), &etag), expected, "{lines:?}");
        }
    }
}
