//! Random campaign versions and random logs, given to fan-out's own core and to the slow second implementation: the
//! messages must be the same, field by field, and so must the leads.

#![allow(clippy::unwrap_used)] // A test says by a panic what went wrong.

mod by_fanout;
mod random_log;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use proptest::prelude::*;
use serde_json::Value;
use uuid::Uuid;
use vendzz_load_tests::expected::{Inputs, Lead, Marks, differing_fields, expect, expect_all};

use by_fanout::by_fanout;
use random_log::{demo_inputs, inputs};

/// By id. Of a response that stands in the log twice, further apart than the window, both copies make messages, and
/// they may say different things: each must be there.
type Messages = BTreeMap<Uuid, Vec<Value>>;

fn note(messages: &mut Messages, id: Uuid, mut record: Value) {
    let of_id = messages.entry(id).or_default();
    // Of the moment of the record, which is not compared.
    record.as_object_mut().unwrap().remove("made_from_at");
    record.as_object_mut().unwrap().remove("message_id");
    of_id.push(record);
    of_id.sort_by_key(Value::to_string);
}

fn by_expectation(inputs: &Inputs) -> (Messages, BTreeSet<Lead>) {
    let gathered = Mutex::new((Messages::new(), BTreeSet::new()));
    expect(inputs, |expected| {
        let mut gathered = gathered.lock().unwrap();
        for message in expected.messages {
            note(&mut gathered.0, message.message_id, message.as_record());
        }
        gathered.1.extend(expected.leads);
    });
    gathered.into_inner().unwrap()
}

/// How the two differ; empty when they agree.
fn differences(inputs: &Inputs) -> Vec<String> {
    let (expected, expected_leads) = by_expectation(inputs);
    let (made, leads) = by_fanout(inputs);
    let ids: BTreeSet<&Uuid> = expected.keys().chain(made.keys()).collect();
    let mut found = Vec::new();
    for id in ids {
        let (expected, made) = (expected.get(id), made.get(id));
        if expected == made {
            continue;
        }
        let fields: Vec<&str> = match (expected, made) {
            (Some(expected), Some(made)) => {
                let pairs = expected.iter().zip(made);
                pairs
                    .flat_map(|(one, other)| {
                        differing_fields(&Marks::of_record(one), &Marks::of_record(other))
                    })
                    .collect()
            }
            _ => Vec::new(),
        };
        found.push(format!("{id} {fields:?}:\nexpected {expected:#?}\nmade {made:#?}"));
    }
    found.extend(expected_leads.symmetric_difference(&leads).map(|lead| format!("only in one: {lead:?}")));
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fan_out_makes_exactly_the_expected_messages_of_any_log(seed in any::<u64>()) {
        let found = differences(&inputs(seed));
        prop_assert!(found.is_empty(), "seed {seed}: {}", found[..found.len().min(3)].join("\n"));
    }
}

/// Otherwise the property would hold of nothing.
#[test]
fn the_random_logs_reach_every_kind_of_message() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let (mut resends, mut rounds_with_leads) = (0, 0);
    for seed in 0..200 {
        let inputs = inputs(seed);
        let (messages, leads) = expect_all(&inputs);
        rounds_with_leads += usize::from(!leads.is_empty());
        let keys: BTreeSet<&String> = inputs.submissions.iter().map(|record| &record.key).collect();
        resends += inputs.submissions.len() - keys.len();
        for message in messages.values() {
            *seen.entry(format!("{} {}", message.channel, message.trigger)).or_default() += 1;
            *seen.entry(format!("unless_sent {}", message.unless_sent.is_some())).or_default() += 1;
            *seen.entry(format!("provider_template {}", message.provider_template.is_some())).or_default() +=
                1;
        }
    }
    for channel in ["sms", "email", "whatsapp", "voice"] {
        for trigger in ["completed", "abandoned"] {
            assert!(seen.get(&format!("{channel} {trigger}")).is_some_and(|count| *count > 20), "{seen:#?}");
        }
    }
    assert!(resends > 200 && rounds_with_leads > 150 && seen["unless_sent true"] > 20, "{resends} {seen:#?}");
}

#[test]
fn the_demos_own_quizzes_and_campaigns_agree() {
    let inputs = demo_inputs();
    let found = differences(&inputs);
    let (messages, leads) = by_expectation(&inputs);
    assert!(
        messages.len() > 1_000 && leads.len() > 500,
        "{} messages, {} leads",
        messages.len(),
        leads.len()
    );
    assert!(found.is_empty(), "{} differ: {}", found.len(), found[..found.len().min(2)].join("\n"));
}
