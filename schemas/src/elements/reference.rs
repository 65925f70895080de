//! Writes `docs/elements.md`, the reference page for marketers and page builders.

use std::fmt::Write;

use super::{CATALOGUE, COMMON_PROPERTIES, ChoiceUse, DefaultValue, ElementType, Family, Property};

const OPENING: &str = "\
# The elements of a quiz

<!-- Written from schemas/src/elements/catalogue.rs. To write it again:
     VENDZZ_WRITE_DOCS=1 cargo test --release -p vendzz-schemas reference -->

A quiz is a list of elements. Each has an `id` (1 to 64 of `a-z`, `0-9`, `_` and `-`), a `type` of this page,
and, as its type asks, a `label`, `required`, `properties` and `choices`. Inputs are answered; content is only
shown. Where nothing was answered, the answer is left out, `null`, a blank text, or an empty list or object.

The answer types are one closed set: boolean, whole number (64 bits), number (double), text, list of texts and
map of texts. Whatever its type, an answer holds at most 10,000 characters (20,000 bytes) of text or 200 entries
of 500 characters (1,000 bytes) each, and no U+0000.
";

/// The whole page, in Markdown.
pub fn reference_page() -> String {
    let mut page = OPENING.to_owned();
    page.push_str("\n## At a glance\n\n| type | what it is | answer |\n|---|---|---|\n");
    for element_type in CATALOGUE {
        let (name, summary, answer) =
            (element_type.name, element_type.summary, element_type.answer.describe());
        line(&mut page, &format!("| [`{name}`](#{name}) | {summary} | {answer} |"));
    }

    page.push_str("\n## Properties of every element\n\n");
    property_table(&mut page, COMMON_PROPERTIES);

    page.push_str("\n## Inputs\n");
    for element_type in CATALOGUE.iter().filter(|element_type| element_type.family == Family::Input) {
        section(&mut page, element_type);
    }
    page.push_str("\n## Content\n");
    for element_type in CATALOGUE.iter().filter(|element_type| element_type.family == Family::Content) {
        section(&mut page, element_type);
    }
    page
}

fn section(page: &mut String, element_type: &ElementType) {
    line(page, &format!("\n### {}\n\n{}", element_type.name, element_type.summary));
    if element_type.is_input() {
        line(page, &format!("\n- Answer: {}.", element_type.answer.describe()));
        line(page, &format!("- Checked: {}", element_type.checked));
    }
    match element_type.choices {
        ChoiceUse::None => {}
        ChoiceUse::Needed => line(page, "- Choices: needed."),
        ChoiceUse::NeededWithImages => line(page, "- Choices: needed, each with an `image`."),
    }
    if !element_type.properties.is_empty() {
        page.push('\n');
        property_table(page, element_type.properties);
    }
}

fn property_table(page: &mut String, properties: &[Property]) {
    line(page, "| property | what it is | value | default |\n|---|---|---|---|");
    for property in properties {
        let private = if property.private { " Not shown to quiz takers." } else { "" };
        let default = match property.default {
            DefaultValue::Absent if property.required => "**required**".to_owned(),
            DefaultValue::Absent => String::new(),
            DefaultValue::Flag(flag) => format!("`{flag}`"),
            DefaultValue::Whole(number) => format!("`{number}`"),
            DefaultValue::Decimal(number) => format!("`{number}`"),
            DefaultValue::Text(text) => format!("`{text}`"),
        };
        let (name, summary, kind) = (property.name, property.summary, property.kind.describe());
        line(page, &format!("| `{name}` | {summary}{private} | {kind} | {default} |"));
    }
}

fn line(page: &mut String, text: &str) {
    writeln!(page, "{text}").expect("a String takes any text");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_page_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/elements.md");
        if std::env::var_os("VENDZZ_WRITE_DOCS").is_some() {
            std::fs::write(path, reference_page()).expect("the page can be written");
        }
        let page = std::fs::read_to_string(path).expect("docs/elements.md is there");
        assert!(
            page == reference_page(),
            "docs/elements.md is not current: write it again as its first lines say"
        );
    }
}
