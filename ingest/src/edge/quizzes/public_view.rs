use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::HeaderValue;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What quiz takers may see of one version, ready to be sent.
#[derive(Debug)]
pub struct PublicView {
    pub identity: Representation,
    pub gzip: Representation,
    /// `Cache-Tag`, by which a CDN forgets the quiz.
    pub cache_tag: HeaderValue,
}

/// The view in one content encoding.
#[derive(Debug)]
pub struct Representation {
    pub body: Bytes,
    /// A strong one: equal tags mean equal bytes.
    pub etag: HeaderValue,
}

impl PublicView {
    /// `view` is `definition::public_view` of the version.
    pub fn new(view: &Value, quiz_id: &str, version: i64) -> std::io::Result<Self> {
        let plain = serde_json::to_vec(view)?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&plain)?;
        let gzip = encoder.finish()?;
        let digest = Sha256::digest(&plain);
        let digest: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            identity: Representation { etag: header(format!("\"{version}-{digest}\""))?, body: plain.into() },
            gzip: Representation { etag: header(format!("\"{version}-{digest}-gzip\""))?, body: gzip.into() },
            cache_tag: header(format!("quiz-{quiz_id}"))?,
        })
    }
}

fn header(text: String) -> std::io::Result<HeaderValue> {
    HeaderValue::from_maybe_shared(text).map_err(std::io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use serde_json::json;

    use super::*;

    #[test]
    fn both_encodings_hold_the_same_and_have_their_own_tags() {
        let view = json!({"quizId": "q", "title": "Olá".repeat(100)});
        let public = PublicView::new(&view, "q", 7).unwrap();
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&public.gzip.body[..]).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, public.identity.body);
        assert!(public.gzip.body.len() < public.identity.body.len());
        assert_ne!(public.gzip.etag, public.identity.etag);
        assert!(public.identity.etag.to_str().unwrap().starts_with("\"7-"));
        assert_eq!(PublicView::new(&view, "q", 7).unwrap().gzip.etag, public.gzip.etag);
    }
}
