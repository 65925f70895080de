use serde_json::{Map, Value};

/// The respondent's own contact: of typed elements alone, the first of each type in the quiz's order that was
/// answered. The edge keeps phones as E.164 already; of an e-mail
/// address the domain alone is written small, since what stands before the @ is the mail server's own affair.
#[derive(Debug, Default)]
pub(super) struct Contacts {
    pub(super) email: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) name: Option<String>,
}

pub(super) fn contacts_in(document: &Value, answers: &Map<String, Value>) -> Contacts {
    let mut found = Contacts::default();
    for element in document["elements"].as_array().into_iter().flatten() {
        let Some(answer) = element["id"].as_str().and_then(|id| answers.get(id)?.as_str()) else { continue };
        match element["type"].as_str() {
            Some("email") => note(&mut found.email, normalised(answer)),
            Some("phone") => note(&mut found.phone, answer.to_owned()),
            Some("name") => note(&mut found.name, answer.to_owned()),
            _ => {}
        }
    }
    found
}

fn normalised(address: &str) -> String {
    match address.trim().rsplit_once('@') {
        Some((local, domain)) => format!("{local}@{}", domain.to_lowercase()),
        None => address.trim().to_owned(),
    }
}

fn note(place: &mut Option<String>, value: String) {
    if place.is_none() && !value.trim().is_empty() {
        *place = Some(value);
    }
}
