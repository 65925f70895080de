//! Precision and recall for each field and each part of the corpus.
//!
//! For one field: a case is a true positive when a value is expected and exactly it is found; a value found where
//! another or none is expected is a false positive; a value expected and not found exactly is a false negative.
//! So a wrong value is both. Precision is TP / (TP + FP), recall is TP / (TP + FN).

use std::collections::BTreeMap;

use vendzz_processors::leads::Found;

use super::corpus::{Case, cases};

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    true_positives: u32,
    false_positives: u32,
    false_negatives: u32,
}

impl Count {
    fn add(&mut self, expected: Option<&str>, found: Option<&str>) {
        match (expected, found) {
            (Some(expected), Some(found)) if expected == found => self.true_positives += 1,
            (expected, found) => {
                self.false_positives += u32::from(found.is_some());
                self.false_negatives += u32::from(expected.is_some());
            }
        }
    }

    fn precision(self) -> f64 {
        ratio(self.true_positives, self.false_positives)
    }

    fn recall(self) -> f64 {
        ratio(self.true_positives, self.false_negatives)
    }
}

fn ratio(right: u32, wrong: u32) -> f64 {
    if right + wrong == 0 { 1.0 } else { f64::from(right) / f64::from(right + wrong) }
}

/// For each field what was expected and what was found.
fn fields(case: &Case) -> [(&'static str, Option<String>, Option<String>); 3] {
    let contacts = case.detect();
    let value = |found: Option<Found>| found.map(|found| found.value);
    [
        ("email", case.expected.email.clone(), value(contacts.email)),
        ("phone", case.expected.phone.clone(), value(contacts.phone)),
        ("name", case.expected.name.clone(), value(contacts.name)),
    ]
}

#[test]
fn precision_and_recall() {
    let mut counts: BTreeMap<(String, &'static str), Count> = BTreeMap::new();
    let cases = cases();
    for case in &cases {
        for (field, expected, found) in fields(case) {
            if expected != found {
                let Case { id, trap, answers, .. } = case;
                println!("{id} [{trap}] {field}: expected {expected:?}, found {found:?} in {answers:?}");
            }
            for group in [case.part.clone(), "whole corpus".to_owned(), format!("language {}", case.language)]
            {
                counts.entry((group, field)).or_default().add(expected.as_deref(), found.as_deref());
            }
        }
    }
    println!(
        "\n| part | field | right | found wrongly | missed | precision | recall |\n|---|---|---|---|---|---|---|"
    );
    for ((group, field), count) in &counts {
        let Count { true_positives, false_positives, false_negatives } = count;
        println!(
            "| {group} | {field} | {true_positives} | {false_positives} | {false_negatives} | {:.3} | {:.3} |",
            count.precision(),
            count.recall()
        );
    }
    for ((group, field), count) in &counts {
        if group.starts_with("language") {
            continue;
        }
        let least = if *field == "name" { 0.9 } else { 0.97 };
        assert!(count.precision() > least, "{group}, {field}: precision {:.3}", count.precision());
        assert!(count.recall() > least, "{group}, {field}: recall {:.3}", count.recall());
    }
}

#[test]
fn the_corpus_is_large_and_holds_the_traps() {
    let cases = cases();
    let ids: std::collections::BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(ids.len(), cases.len(), "an id stands twice");
    assert!(cases.len() >= 400);
    assert!(cases.iter().filter(|case| case.part.starts_with("held_out")).count() >= 150);
    for language in ["pt", "en", "es"] {
        assert!(cases.iter().filter(|case| case.language == language).count() >= 50, "{language}");
    }
    let traps = [
        "order_number",
        "cpf",
        "cnpj",
        "cep",
        "pix",
        "price",
        "date",
        "intel",
        "two_candidates",
        "sentence_own",
        "sentence_other",
        "old_mobile",
        "carrier",
        "plus55",
        "no_ddd",
        "bad_ddd",
        "tracking",
        "card",
        "referral_label",
        "name_other",
        "name_refused",
    ];
    for trap in traps {
        assert!(cases.iter().any(|case| case.trap == trap), "{trap}");
    }
}
