/// The text form of a `text[]`, every element quoted (PostgreSQL manual, section 8.15.6): UNNEST
/// flattens arrays of arrays, so a column of arrays travels as a column of texts.
pub(super) fn array_literal(words: &[String]) -> String {
    let mut literal = String::from("{");
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            literal.push(',');
        }
        literal.push('"');
        for character in word.chars() {
            if character == '"' || character == '\\' {
                literal.push('\\');
            }
            literal.push(character);
        }
        literal.push('"');
    }
    literal.push('}');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_an_array_literal_is_escaped() {
        let words = ["plain", "", "a,b", "{x}", "say \"x\"", "back\\slash", "NULL"].map(str::to_owned);
        assert_eq!(array_literal(&words), r#"{"plain","","a,b","{x}","say \"x\"","back\\slash","NULL"}"#);
        assert_eq!(array_literal(&[]), "{}");
    }
}
