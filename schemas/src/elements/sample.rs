//! Plausible answers, as quiz takers give them: for load tests, demos and property tests.

use chrono::{Days, Months, NaiveDate, Utc};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, RngExt};
use serde_json::{Map, Value, json};

use super::checks::address::STATES;
use super::checks::{cnpj, cpf, date::parse_date, time::parse_time};
use super::{Settings, find};
use crate::definition::Element;

const FIRST_NAMES: [&str; 12] = [
    "Ana",
    "Beatriz",
    "Camila",
    "Daniela",
    "João",
    "José",
    "Júlia",
    "Lucas",
    "Marcos",
    "Patrícia",
    "Rafael",
    "Tatiane",
];
const LAST_NAMES: [&str; 12] = [
    "Almeida",
    "Araújo",
    "Barbosa",
    "Costa",
    "Ferreira",
    "Gonçalves",
    "Lima",
    "Oliveira",
    "Ribeiro",
    "Santos",
    "Silva",
    "Souza",
];
const WORDS: [&str; 16] = [
    "quero", "mudar", "minha", "rotina", "ainda", "não", "consegui", "tempo", "família", "trabalho", "saúde",
    "mais", "energia", "para", "este", "ano",
];
const STREETS: [&str; 5] =
    ["Rua das Flores", "Avenida Brasil", "Rua Sete de Setembro", "Travessa São João", "Rua XV de Novembro"];
const CITIES: [(&str, &str); 6] = [
    ("São Paulo", "SP"),
    ("Rio de Janeiro", "RJ"),
    ("Belo Horizonte", "MG"),
    ("Salvador", "BA"),
    ("Curitiba", "PR"),
    ("Fortaleza", "CE"),
];
/// Area codes that have been given out.
const AREA_CODES: [u32; 12] = [11, 19, 21, 27, 31, 41, 48, 51, 61, 71, 81, 85];
/// How often a text of one's own is given where it may be.
const OWN_TEXT: f64 = 0.05;

/// An answer that passes the element's check when it is received today; None for content and for types
/// that this build does not know.
pub fn sample_answer(element: &Element, rng: &mut impl Rng) -> Option<Value> {
    let settings = Settings::new(find(&element.element_type)?, element);
    Some(match settings.element_type.name {
        "short_text" | "long_text" => json!(free_text(&settings, rng)),
        "name" => json!(full_name(rng)),
        "email" => json!(email(rng)),
        "phone" => json!(phone(rng)),
        "number" | "slider" | "weight" => json!(number(&settings, rng)),
        "currency" => json!(amount(&settings, rng)),
        "height" | "scale" => json!(whole(&settings, rng)),
        "rating" => json!(rng.random_range(1..=settings.whole("max")?)),
        "nps" => json!(rng.random_range(0..=10)),
        "date" => json!(date(&settings, rng).to_string()),
        "birth_date" => json!(birth_date(&settings, rng).to_string()),
        "time" => json!(time(&settings, rng)),
        "single_choice" | "image_choice" | "dropdown" => json!(one_choice(&settings, rng)?),
        "multiple_choice" => json!(several_choices(&settings, rng)),
        "ranking" => json!(all_choices(&settings, rng)),
        "yes_no" => json!(rng.random_bool(0.6)),
        "consent" => json!(settings.required() || rng.random_bool(0.8)),
        "matrix" => matrix(&settings, rng)?,
        "address" => address(rng),
        "cpf" => json!(cpf(rng)),
        "cnpj" => json!(cnpj(rng)),
        "cep" => json!(cep(rng)),
        "hidden" => json!(format!("campanha-{}", rng.random_range(1..40))),
        _ => return None,
    })
}

fn free_text(settings: &Settings, rng: &mut impl Rng) -> String {
    let min = settings.count("minLength").unwrap_or(0).max(1);
    let max = settings.count("maxLength").unwrap_or(255).max(min);
    let wanted = rng.random_range(min..=max.min(min + 60));
    let mut text = String::new();
    let mut length = 0;
    while length < wanted {
        let word = pick(&WORDS, rng);
        length += word.chars().count() + 1;
        text.push_str(word);
        text.push(' ');
    }
    let mut characters: Vec<char> = text.chars().take(wanted).collect();
    if let Some(last) = characters.last_mut() {
        *last = '.';
    }
    characters.into_iter().collect()
}

fn full_name(rng: &mut impl Rng) -> String {
    format!("{} {}", pick(&FIRST_NAMES, rng), pick(&LAST_NAMES, rng))
}

/// In a domain that is reserved for examples (RFC 2606).
fn email(rng: &mut impl Rng) -> String {
    let number = rng.random_range(0..1_000_000);
    let name = pick(&["ana", "bia", "joao", "lucas", "maria", "rafa", "tati"], rng);
    format!("{name}.{number}@{}", pick(&["example.com", "example.org", "exemplo.example.com"], rng))
}

fn phone(rng: &mut impl Rng) -> String {
    let area = pick(&AREA_CODES, rng);
    let (head, tail) = (rng.random_range(97_000..100_000), rng.random_range(0..10_000));
    match rng.random_range(0..2) {
        0 => format!("+55{area}{head}{tail:04}"),
        _ => format!("+55 ({area}) {head}-{tail:04}"),
    }
}

fn number(settings: &Settings, rng: &mut impl Rng) -> f64 {
    let max = settings.decimal("max");
    let min = settings.decimal("min").unwrap_or(max.map_or(0.0, |max| max.min(0.0)));
    let max = max.unwrap_or(min + 1_000.0);
    let origin = settings.decimal("min").unwrap_or(0.0);
    match settings.decimal("step") {
        Some(step) => {
            let first = ((min - origin) / step).ceil();
            let steps = ((max - origin) / step).floor() - first;
            let chosen = rng.random_range(0..=steps.clamp(0.0, 1e6) as u64) as f64;
            (origin + (first + chosen) * step).clamp(min, max)
        }
        None => ((rng.random_range(min..=max) * 10.0).round() / 10.0).clamp(min, max),
    }
}

fn amount(settings: &Settings, rng: &mut impl Rng) -> f64 {
    let min = settings.decimal("min").unwrap_or(0.0);
    let max = settings.decimal("max").unwrap_or(min + 50_000.0);
    let (first, last) = ((min * 100.0).ceil() as i64, (max * 100.0).floor() as i64);
    rng.random_range(first..=last.max(first)) as f64 / 100.0
}

fn whole(settings: &Settings, rng: &mut impl Rng) -> i64 {
    let min = settings.whole("min").unwrap_or(0);
    rng.random_range(min..=settings.whole("max").unwrap_or(min).max(min))
}

fn date(settings: &Settings, rng: &mut impl Rng) -> NaiveDate {
    let bound = |name| settings.text(name).and_then(parse_date);
    let (min, max) = match (bound("minDate"), bound("maxDate")) {
        (Some(min), Some(max)) => (min, max),
        (Some(min), None) => (min, min.max(NaiveDate::from_ymd_opt(2199, 12, 31).unwrap_or(min))),
        (None, Some(max)) => (max.min(NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or(max)), max),
        (None, None) => {
            let today = Utc::now().date_naive();
            (today, today + Days::new(365))
        }
    };
    between(min, max, rng)
}

/// Of an age that is allowed today, yesterday and tomorrow: the sample may be checked in another zone,
/// and a little later.
fn birth_date(settings: &Settings, rng: &mut impl Rng) -> NaiveDate {
    let today = Utc::now().date_naive();
    let years = |name, default| u32::try_from(settings.whole(name).unwrap_or(default)).unwrap_or(0) * 12;
    let youngest = today - Months::new(years("minAge", 0)) - Days::new(3);
    let oldest = today - Months::new(years("maxAge", 130) + 12) + Days::new(3);
    let first_readable = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or(oldest);
    between(oldest.max(first_readable), youngest, rng)
}

fn between(min: NaiveDate, max: NaiveDate, rng: &mut impl Rng) -> NaiveDate {
    let days = u64::try_from((max - min).num_days()).unwrap_or(0);
    min + Days::new(rng.random_range(0..=days))
}

fn time(settings: &Settings, rng: &mut impl Rng) -> String {
    let bound = |name, default| settings.text(name).and_then(parse_time).unwrap_or(default);
    let min = bound("minTime", 0);
    let minutes = rng.random_range(min..=bound("maxTime", 1439).max(min));
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

fn one_choice(settings: &Settings, rng: &mut impl Rng) -> Option<String> {
    if settings.flag("allowOther") && rng.random_bool(OWN_TEXT) {
        return Some("outra coisa".to_owned());
    }
    settings.choices().choose(rng).map(|choice| choice.id.clone())
}

fn several_choices(settings: &Settings, rng: &mut impl Rng) -> Vec<String> {
    let mut choices = all_choices(settings, rng);
    let min = settings.count("minChoices").unwrap_or(0).max(1);
    let max = settings.count("maxChoices").unwrap_or(choices.len());
    let own_text = settings.flag("allowOther") && (min > choices.len() || rng.random_bool(OWN_TEXT));
    if own_text {
        choices.insert(0, "outra coisa".to_owned());
    }
    let max = max.min(choices.len());
    choices.truncate(rng.random_range(min.min(max)..=max));
    choices
}

fn all_choices(settings: &Settings, rng: &mut impl Rng) -> Vec<String> {
    let mut ids = settings.choice_ids();
    ids.shuffle(rng);
    ids
}

fn matrix(settings: &Settings, rng: &mut impl Rng) -> Option<Value> {
    let columns = settings.option_ids("columns");
    let mut cells = Map::new();
    for row in settings.option_ids("rows") {
        cells.insert(row, json!(columns.choose(rng)?));
    }
    Some(Value::Object(cells))
}

fn address(rng: &mut impl Rng) -> Value {
    let (city, state) = pick(&CITIES, rng);
    debug_assert!(STATES.contains(&state));
    json!({
        "cep": cep(rng),
        "street": pick(&STREETS, rng),
        "number": rng.random_range(1..3_000).to_string(),
        "district": "Centro",
        "city": city,
        "state": state,
    })
}

fn cep(rng: &mut impl Rng) -> String {
    let number = rng.random_range(1_000_000..100_000_000);
    format!("{:05}-{:03}", number / 1_000, number % 1_000)
}

fn cpf(rng: &mut impl Rng) -> String {
    // Not all equal: the first two differ.
    let mut digits = vec![1, 2];
    digits.extend((0..7).map(|_| rng.random_range(0..10u8)));
    digits.push(cpf::check_digit(&digits));
    digits.push(cpf::check_digit(&digits));
    let text: String = digits.into_iter().map(|digit| char::from(b'0' + digit)).collect();
    format!("{}.{}.{}-{}", &text[..3], &text[3..6], &text[6..9], &text[9..])
}

/// Half of them in the form with letters.
fn cnpj(rng: &mut impl Rng) -> String {
    let alphabet: &[u8] =
        if rng.random_bool(0.5) { b"0123456789" } else { b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" };
    let mut characters = b"12".to_vec();
    characters.extend((0..10).map(|_| alphabet[rng.random_range(0..alphabet.len())]));
    characters.push(cnpj::check_digit(&characters));
    characters.push(cnpj::check_digit(&characters));
    characters.into_iter().map(char::from).collect()
}

fn pick<T: Copy>(items: &[T], rng: &mut impl Rng) -> T {
    items[rng.random_range(0..items.len())]
}
