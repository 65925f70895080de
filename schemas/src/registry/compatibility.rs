//! Why two versions of a schema are not fully compatible, in Avro's own terms.

use apache_avro::Schema;
use apache_avro::error::CompatibilityError;
use apache_avro::schema_compatibility::SchemaCompatibility;

/// What keeps `newer` from reading what `earlier` wrote, and the other way round; empty when each
/// reads the other.
pub fn why_incompatible(earlier: &str, newer: &str) -> Vec<String> {
    let (earlier, newer) = match (Schema::parse_str(earlier), Schema::parse_str(newer)) {
        (Ok(earlier), Ok(newer)) => (earlier, newer),
        (Err(error), _) => return vec![format!("the earlier schema is not Avro: {error}")],
        (_, Err(error)) => return vec![format!("the newer schema is not Avro: {error}")],
    };
    let mut reasons = Vec::new();
    if let Err(error) = SchemaCompatibility::can_read(&earlier, &newer) {
        reasons.push(format!("the newer schema cannot read earlier records: {}", innermost(&error)));
    }
    if let Err(error) = SchemaCompatibility::can_read(&newer, &earlier) {
        reasons.push(format!("the earlier schema cannot read newer records: {}", innermost(&error)));
    }
    reasons
}

fn innermost(error: &CompatibilityError) -> String {
    match error {
        CompatibilityError::FieldTypeMismatch(field, cause) => format!("field {field}: {}", innermost(cause)),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EARLIER: &str = r#"{"type": "record", "name": "X", "fields": [{"name": "a", "type": "string"}]}"#;

    fn with_b(b: &str) -> String {
        format!(r#"{{"type": "record", "name": "X", "fields": [{{"name": "a", "type": "string"}}, {b}]}}"#)
    }

    #[test]
    fn a_field_with_a_default_may_be_added() {
        let newer = with_b(r#"{"name": "b", "type": "long", "default": 0}"#);
        assert_eq!(why_incompatible(EARLIER, &newer), Vec::<String>::new());
    }

    #[test]
    fn a_field_without_a_default_is_named_and_so_is_the_side_that_cannot_read() {
        let newer = with_b(r#"{"name": "b", "type": "long"}"#);
        let forward = why_incompatible(EARLIER, &newer);
        assert_eq!(forward.len(), 1);
        assert!(forward[0].starts_with("the newer schema cannot read earlier records"), "{forward:?}");
        assert!(forward[0].contains("'b'"), "{forward:?}");
        let backward = why_incompatible(&newer, EARLIER);
        assert!(backward[0].starts_with("the earlier schema cannot read newer records"), "{backward:?}");
    }

    #[test]
    fn what_is_not_avro_says_so() {
        assert!(why_incompatible("{", EARLIER)[0].contains("earlier schema is not Avro"));
    }
}
