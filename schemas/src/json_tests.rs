use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn problem(text: &str) -> (&'static str, String) {
    let problem = parse_strict(text.as_bytes()).expect_err(text);
    (problem.code, problem.pointer)
}

#[test]
fn each_fault_has_its_code_and_its_place() {
    let too_deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
    let zeros = "/0".repeat(32);
    let cases: &[(&str, &str, &str)] = &[
        (r#"{"a": 1, "a": 2}"#, "duplicate_key", "/a"),
        (r#"{"a": {"b/c": [1, {"x~": 1, "x~": 2}]}}"#, "duplicate_key", "/a/b~1c/1/x~0"),
        (r#"{"a": 1, "\u0061": 2}"#, "duplicate_key", "/a"),
        (&too_deep, "too_deep", &zeros),
        (r#"{"a": [true, 9223372036854775808]}"#, "number_out_of_range", "/a/1"),
        (r#"{"a": 99999999999999999999}"#, "number_out_of_range", "/a"),
        (r#"{"a": -9223372036854775809}"#, "number_out_of_range", "/a"),
        (r#"{"a": 1e400}"#, "number_out_of_range", "/a"),
        (r#"{"a": "x\u0000y"}"#, "null_character", "/a"),
        (r#"{"a": {"k\u0000": 1}}"#, "null_character", "/a"),
        (r#"["\ud800"]"#, "syntax", "/0"),
        (r#"["\udc00 alone"]"#, "syntax", "/0"),
        (r#"{"a": tru}"#, "syntax", "/a"),
        (r#"{"a": NaN}"#, "syntax", "/a"),
        (r#"{"a": 1,}"#, "syntax", ""),
        (r#"{"a": 01}"#, "syntax", "/a"),
        (r#"{"a" 1}"#, "syntax", "/a"),
        (r#"{a: 1}"#, "syntax", ""),
        ("", "syntax", ""),
        ("{} {}", "syntax", ""),
        ("\u{feff}{}", "syntax", ""),
        ("[1, 2", "syntax", "/2"),
    ];
    for (text, code, pointer) in cases {
        assert_eq!(problem(text), (*code, (*pointer).to_owned()), "{text}");
    }
}

#[test]
fn invalid_utf8_is_named() {
    let problem = parse_strict(b"{\"a\": \"\xff\"}").expect_err("not UTF-8");
    assert_eq!(problem.code, "not_utf8");
    assert!(problem.detail.contains("byte 7"), "{}", problem.detail);
}

#[test]
fn the_whole_range_of_numbers_is_kept() {
    let text = r#"[9223372036854775807, -9223372036854775808, 1e300, -0.5, 1E2]"#;
    let expected = json!([i64::MAX, i64::MIN, 1e300, -0.5, 100.0]);
    assert_eq!(parse_strict(text.as_bytes()).expect("in range"), expected);
}

#[test]
fn thirty_two_levels_are_accepted() {
    let text = format!("{}{}", "[".repeat(32), "]".repeat(32));
    assert!(parse_strict(text.as_bytes()).is_ok());
}

#[test]
fn a_strangers_key_is_cut_in_the_pointer() {
    let key = "k".repeat(5_000);
    let (_, pointer) = problem(&format!(r#"{{"{key}": 1, "{key}": 2}}"#));
    assert_eq!(pointer.len(), 65);
}

fn any_json() -> impl Strategy<Value = Value> {
    let text = "[^\u{0}]{0,12}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e300..1e300).prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(text, inner, 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_serde_json_writes_is_read_back(value in any_json()) {
        let text = serde_json::to_vec(&value).expect("a value can be written");
        let expected: Value = serde_json::from_slice(&text).expect("and read");
        prop_assert_eq!(parse_strict(&text).expect("strictly too"), expected);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_strict(&bytes);
    }

    #[test]
    fn nothing_is_accepted_that_serde_json_refuses(text in r#"[\[\]{}",:0-9eE.+\-a-z\\ ]{0,40}"#) {
        if parse_strict(text.as_bytes()).is_ok() {
            prop_assert!(serde_json::from_str::<Value>(&text).is_ok());
        }
    }
}
