//! Answers in words, as messages show them.

use serde_json::Value;

use super::cleaning::{clean, cut};

const ADDRESS: [&str; 7] = ["street", "number", "complement", "district", "city", "state", "cep"];

/// What a message shows of an answer to this element.
pub(super) fn in_words(element: &Value, answer: &Value) -> String {
    let choice = |id: &str| label_in(&element["choices"], id);
    let kind = element["type"].as_str().unwrap_or_default();
    match answer {
        Value::Bool(flag) => {
            let (name, default) = if *flag { ("yesLabel", "Sim") } else { ("noLabel", "Não") };
            cut(element["properties"][name].as_str().unwrap_or(default))
        }
        Value::Number(number) => number_in_words(number),
        Value::String(text) => match kind {
            "single_choice" | "image_choice" | "dropdown" => choice(text),
            "email" | "phone" | "cpf" | "cnpj" | "cep" | "date" | "birth_date" | "time" => cut(text),
            _ => clean(text),
        },
        Value::Array(entries) => joined(entries.iter().filter_map(Value::as_str).map(choice).collect()),
        Value::Object(parts) if kind == "address" => {
            let of = |name: &&str| parts.get(*name).and_then(Value::as_str).map(clean);
            joined(ADDRESS.iter().filter_map(of).collect())
        }
        Value::Object(cells) => {
            let properties = &element["properties"];
            let cell = |(row, column): (&String, &Value)| {
                let column = label_in(&properties["columns"], column.as_str().unwrap_or_default());
                format!("{}: {column}", label_in(&properties["rows"], row))
            };
            joined(cells.iter().map(cell).collect())
        }
        Value::Null => String::new(),
    }
}

/// The label of what was chosen; what was never offered is a stranger's own text.
fn label_in(options: &Value, id: &str) -> String {
    let option = options.as_array().into_iter().flatten().find(|option| option["id"] == id);
    match option.and_then(|option| option["label"].as_str()) {
        Some(label) => cut(label),
        None => clean(id),
    }
}

fn joined(words: Vec<String>) -> String {
    let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
    cut(&words.join(", "))
}

/// Without thousands' separators, and without `.0`.
fn number_in_words(number: &serde_json::Number) -> String {
    match number.as_i64() {
        Some(whole) => whole.to_string(),
        None => number.as_f64().unwrap_or_default().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_shown_by_their_labels() {
        let choices = json!({ "type": "multiple_choice", "choices": [{ "id": "a", "label": "Maçã" }, { "id": "b", "label": "Pera" }] });
        let yes_no = json!({ "type": "yes_no", "properties": { "yesLabel": "Já, sim" } });
        let matrix = json!({ "type": "matrix", "properties": {
            "rows": [{ "id": "r", "label": "Linha" }], "columns": [{ "id": "c", "label": "Coluna" }] } });
        let address = json!({ "type": "address" });
        for (element, answer, expected) in [
            (&choices, json!(["b", "outra www.x.com coisa", "a"]), "Pera, outra coisa, Maçã"),
            (&yes_no, json!(true), "Já, sim"),
            (&yes_no, json!(false), "Não"),
            (&yes_no, json!(70.0), "70"),
            (&yes_no, json!(70.5), "70.5"),
            (&yes_no, json!(12345678), "12345678"),
            (&matrix, json!({ "r": "c" }), "Linha: Coluna"),
            (
                &address,
                json!({ "cep": "01001000", "city": "São Paulo", "street": "Rua A", "number": "7" }),
                "Rua A, 7, São Paulo, 01001000",
            ),
        ] {
            assert_eq!(in_words(element, &answer), expected);
        }
    }
}
