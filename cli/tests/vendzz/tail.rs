use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use vendzz_schemas::events::QuizViewed;
use vendzz_schemas::topics::{QUIZ_VIEW, SCHEMA_ID};

use crate::installation::Installation;
use crate::sample::viewed;

#[tokio::test]
async fn every_record_is_shown_decoded_or_with_the_reason_why_not() {
    let installation = Installation::set_up();
    let view = viewed();
    let framed = installation.encoder::<QuizViewed>(QUIZ_VIEW).encode(&view).unwrap();
    let first = installation.append(QUIZ_VIEW, 2, "a", Some(&framed)).await;
    installation.append(QUIZ_VIEW, 2, "b", Some(&framed[..framed.len() - 3])).await;
    installation.append(QUIZ_VIEW, 2, "c", Some(b"{\"a\": 1}")).await;
    installation.append(QUIZ_VIEW, 2, "d", Some(&[0, 0x7f, 0xff, 0xff, 0xff, 2])).await;
    installation.append(QUIZ_VIEW, 2, "e", None).await;

    let ran = installation.vendzz(&["tail", QUIZ_VIEW, "--no-follow", "--json"]).expect(0);
    let lines = ran.json_lines();
    assert_eq!(lines.len(), 5, "{ran:?}");
    let shown = &lines[0];
    assert_eq!(shown["topic"], installation.name(QUIZ_VIEW).as_str());
    assert_eq!((&shown["partition"], &shown["offset"], &shown["key"]), (&2.into(), &0.into(), &"a".into()));
    assert_eq!(shown["append_ms"].as_i64(), first.append_ms);
    assert_eq!(shown["type"], "com.vendzz.QuizViewed");
    assert_eq!(shown["value"], serde_json::to_value(&view).unwrap());
    let reasons =
        ["not decodable with schema", "the first byte is not 0", "schema id 2147483647 does not stand on"];
    for (line, reason) in lines[1..4].iter().zip(reasons) {
        assert!(line["undecodable"].as_str().unwrap().contains(reason), "{line}");
        assert!(line["value"].is_null() && line["bytes"].is_string(), "{line}");
    }
    assert!(lines[4]["value"].is_null() && lines[4].get("undecodable").is_none(), "{}", lines[4]);

    let text = installation.vendzz(&["tail", QUIZ_VIEW, "--no-follow"]).expect(0).stdout;
    assert!(
        text.lines().next().unwrap().starts_with(&format!("{}/2@0  20", installation.name(QUIZ_VIEW))),
        "{text}"
    );
    assert!(text.contains("(undecodable: ") && text.contains("(tombstone)"), "{text}");
}

#[tokio::test]
async fn a_tail_begins_and_ends_where_it_is_told() {
    let installation = Installation::set_up();
    let offsets = |arguments: &[&str]| -> Vec<i64> {
        let arguments: Vec<&str> = ["tail", SCHEMA_ID, "--json"].iter().chain(arguments).copied().collect();
        let ran = installation.vendzz(&arguments).expect(0);
        ran.json_lines().iter().map(|line| line["offset"].as_i64().unwrap()).collect()
    };
    let all = offsets(&["--no-follow"]);
    let last = *all.last().unwrap();
    assert_eq!(all, (0..=last).collect::<Vec<_>>());
    assert!(last > 3, "{all:?}");
    assert_eq!(offsets(&["--from", "beginning", "--max", "2"]), [0, 1]);
    assert_eq!(offsets(&["--from", "2", "--no-follow"]), (2..=last).collect::<Vec<_>>());
    assert_eq!(offsets(&["--from", "-1", "--no-follow"]), [last]);
    assert_eq!(offsets(&["--from", "end", "--no-follow"]), Vec::<i64>::new());
    let unknown = installation.vendzz(&["tail", SCHEMA_ID, "--partition", "4"]).expect(64);
    assert!(unknown.stderr.contains("has no partition 4"), "{unknown:?}");
}

#[tokio::test]
async fn a_tail_that_follows_shows_what_is_appended_later() {
    let installation = Installation::set_up();
    let framed = installation.encoder::<QuizViewed>(QUIZ_VIEW).encode(&viewed()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_vendzz"));
    command.args(["tail", QUIZ_VIEW, "--from", "beginning", "--max", "2", "--json"]);
    let mut child =
        command.env("VENDZZ_KAFKA_PREFIX", &installation.prefix).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    installation.append(QUIZ_VIEW, 0, "a", Some(&framed)).await;
    assert!(lines.next().unwrap().unwrap().contains(r#""key":"a""#));
    // The first line was shown, so the command follows by now.
    installation.append(QUIZ_VIEW, 5, "b", Some(&framed)).await;
    assert!(lines.next().unwrap().unwrap().contains(r#""key":"b""#));
    assert!(child.wait().unwrap().success());
}
