use rdkafka::admin::{NewTopic, TopicReplication};
use vendzz_schemas::topics::{CATALOGUE, QUIZ_VIEW, SCHEMA_ID};

use crate::installation::Installation;

#[test]
fn apply_makes_everything_once_and_then_finds_nothing_to_do() {
    let installation = Installation::bare();
    installation.vendzz(&["schemas", "register"]).expect(0);
    let plan = installation.vendzz(&["topics", "plan", "--json"]).expect(1).json();
    assert_eq!(plan["differs"], true);
    assert_eq!(plan["topics"].as_array().unwrap().len(), CATALOGUE.len());
    installation.vendzz(&["topics", "apply", "--yes"]).expect(0);

    let made = installation.incarnations();
    assert_eq!(made.len(), CATALOGUE.len());
    for topic in CATALOGUE {
        let described = installation.describe(topic.name);
        let partitions = usize::try_from(topic.partitions_local).unwrap();
        assert_eq!(described["partitions"].as_array().unwrap().len(), partitions, "{described}");
        assert_eq!(described["settings"]["message.timestamp.type"], "LogAppendTime", "{described}");
        assert_eq!(described["epochs"].as_array().unwrap().len(), 1, "{described}");
        assert_eq!(described["epochs"][0]["partitions"], topic.partitions_local, "{described}");
        assert_eq!(described["epochs"][0]["begins_at"], 0, "{described}");
    }

    let plan = installation.vendzz(&["topics", "plan", "--json"]).expect(0).json();
    assert_eq!(plan["differs"], false);
    installation.vendzz(&["topics", "apply", "--yes"]).expect(0);
    assert_eq!(installation.incarnations(), made, "a second apply writes no epochs");
}

#[test]
fn apply_does_nothing_unasked_and_nothing_without_the_schema_of_its_epochs() {
    let installation = Installation::bare();
    let ran = installation.vendzz(&["topics", "apply", "--yes"]).expect(1);
    assert!(ran.stderr.contains("vendzz schemas register"), "{ran:?}");
    installation.vendzz(&["schemas", "register"]).expect(0);
    let ran = installation.vendzz(&["topics", "apply"]).expect(1);
    assert!(ran.stderr.contains("nothing was done"), "{ran:?}");
    let described = installation.vendzz(&["topics", "describe", "--json"]).expect(1).json();
    for topic in described.as_array().unwrap() {
        let is_schema_ids = topic["topic"] == installation.name(SCHEMA_ID).as_str();
        assert_eq!(topic["exists"], is_schema_ids, "{topic}");
    }
}

#[tokio::test]
async fn apply_never_shrinks_and_leaves_the_settings_of_others_alone() {
    let installation = Installation::bare();
    let name = installation.name(QUIZ_VIEW);
    let wide = NewTopic::new(&name, 9, TopicReplication::Fixed(1))
        .set("retention.ms", "1000")
        .set("max.message.bytes", "2000000");
    installation.create(wide).await;
    installation.vendzz(&["schemas", "register"]).expect(0);
    installation.vendzz(&["topics", "apply", "--yes"]).expect(0);

    let described = installation.describe(QUIZ_VIEW);
    assert_eq!(described["partitions"].as_array().unwrap().len(), 9);
    assert_eq!(described["epochs"][0]["partitions"], 9, "ids are routed over what is there");
    assert_eq!(described["settings"]["retention.ms"], "-1");
    assert_eq!(described["settings"]["message.timestamp.type"], "LogAppendTime");
    assert_eq!(described["settings"]["max.message.bytes"], "2000000");
    let plan = installation.vendzz(&["topics", "plan"]).expect(0);
    assert!(plan.stdout.contains("has 9 partitions, the catalogue says 6: kept"), "{plan:?}");
}

#[tokio::test]
async fn a_topic_that_was_deleted_is_made_again_under_a_new_incarnation() {
    let installation = Installation::set_up();
    let before = installation.incarnations();
    installation.delete(QUIZ_VIEW).await;
    let plan = installation.vendzz(&["topics", "plan", "--json"]).expect(1).json();
    let actions: Vec<&str> =
        plan["topics"].as_array().unwrap().iter().map(|topic| topic["action"].as_str().unwrap()).collect();
    assert_eq!(actions.iter().filter(|action| **action == "create_again").count(), 1, "{actions:?}");
    assert_eq!(
        actions.iter().filter(|action| **action == "keep").count(),
        CATALOGUE.len() - 1,
        "{actions:?}"
    );

    installation.vendzz(&["topics", "apply", "--yes"]).expect(0);
    let after = installation.incarnations();
    for (topic, incarnation) in &after {
        assert_eq!(*incarnation == before[topic], topic != QUIZ_VIEW, "{topic}");
    }
    let described = installation.describe(QUIZ_VIEW);
    assert_eq!(described["epochs"].as_array().unwrap().len(), 1, "{described}");
    assert_eq!(described["epochs"][0]["number"], 0, "{described}");
}

#[test]
fn production_wants_three_brokers_and_a_failed_apply_can_be_repeated() {
    let installation = Installation::bare();
    installation.vendzz(&["schemas", "register"]).expect(0);
    let production = [("VENDZZ_PROFILE", "production")];
    let plan = installation.vendzz_with(&["topics", "plan"], &production).expect(1);
    assert!(plan.stdout.contains("128 partition(s), 3 replica(s)"), "{plan:?}");
    assert!(plan.stdout.contains("min.insync.replicas=2 retention.ms=7776000000"), "{plan:?}");
    assert!(
        plan.stdout.contains("! has 1 replicas where 3 are wanted"),
        "schema.id.v1 stands there: {plan:?}"
    );
    let ran = installation.vendzz_with(&["topics", "apply", "--yes"], &production).expect(1);
    assert!(ran.stderr.contains("the cluster has fewer brokers"), "{ran:?}");
    installation.vendzz(&["topics", "apply", "--yes"]).expect(0);
    installation.vendzz(&["topics", "plan"]).expect(0);
}
