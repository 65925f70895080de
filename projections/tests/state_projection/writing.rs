use vendzz_runtime::kernel::{Applied, Batch, Fold, FoldError, Source};
use vendzz_schemas::events::{AnswerValue, QuizDefinition, QuizState, QuizSubmitted};

use crate::support::{
    Log, NEW_YEAR, Owner, TestDatabase, definition, definitions, fold_all, response_id, submission,
    submissions,
};

#[tokio::test]
async fn the_first_copy_stays_within_a_batch_and_between_batches() {
    let database = TestDatabase::prepared().await;
    let copy = |name: &str| {
        let mut event = submission(1);
        event.answers.insert("nome".to_owned(), AnswerValue::Text(name.to_owned()));
        event
    };
    let mut other_quiz = copy("other quiz");
    other_quiz.quiz_id = "emprestimo".into();
    let log = Log::of([copy("first"), copy("second"), other_quiz, submission(2), copy("third")]);
    let mut owner = Owner::open(&database.projection(), &submissions()).await;
    owner.apply(&log, 4).await.unwrap();
    owner.apply(&log, 1).await.unwrap();

    let rows = database.rows("quiz_responses").await;
    assert_eq!(rows.len(), 3, "an id reused under another quiz is another response");
    let names: Vec<_> = rows.iter().filter_map(|row| row["answers"]["nome"].as_str()).collect();
    assert!(
        names.contains(&"first") && names.contains(&"other quiz") && !names.contains(&"third"),
        "{names:?}"
    );
    assert_eq!(Owner::open(&database.projection(), &submissions()).await.next, 5);
}

#[tokio::test]
async fn the_latest_version_of_a_quiz_stays_whatever_the_batches() {
    let database = TestDatabase::prepared().await;
    let mut log = Log::new();
    log.define(&definition("a", "a first"));
    log.define(&definition("b", "b first"));
    log.define(&definition("a", "a second"));
    log.define(&QuizDefinition { state: QuizState::UNPUBLISHED.into(), ..definition("a", "a third") });
    let mut owner = Owner::open(&database.projection(), &definitions()).await;
    owner.apply(&log, 3).await.unwrap();
    let title: String = database.value("SELECT title FROM state_v1.quizzes WHERE quiz_id = 'a'").await;
    assert_eq!(title, "a second");
    owner.apply(&log, 1).await.unwrap();
    let rows = database.rows("quizzes").await;
    assert_eq!((rows[0]["title"].as_str(), rows[0]["version"].as_i64()), (Some("a third"), Some(3)));
    assert_eq!(rows[0]["state"], "unpublished");
    assert_eq!((rows[1]["title"].as_str(), rows[1]["version"].as_i64()), (Some("b first"), Some(1)));
}

#[tokio::test]
async fn a_topic_made_again_goes_on_although_its_offsets_begin_anew() {
    let database = TestDatabase::prepared().await;
    let mut old = Log::new();
    old.define(&definition("a", "first"));
    old.define(&definition("a", "second"));
    Owner::open(&database.projection(), &definitions()).await.apply(&old, 2).await.unwrap();

    let mut new = Log::new();
    new.define(&QuizDefinition { changed_at: NEW_YEAR + 1_000, ..definition("a", "made again") });
    let made_again = Source { incarnation: "another".into(), ..definitions() };
    Owner::open(&database.projection(), &made_again).await.apply(&new, 1).await.unwrap();
    let rows = database.rows("quizzes").await;
    assert_eq!((rows[0]["title"].as_str(), rows[0]["version"].as_i64()), (Some("made again"), Some(0)));
}

#[tokio::test]
async fn records_that_postgresql_can_never_take_are_found_one_by_one() {
    let database = TestDatabase::prepared().await;
    let poisonous = [0, 17, 18, 63];
    let mut log = Log::new();
    for number in 0..64 {
        let title = if poisonous.contains(&number) { "a\0b" } else { "Bom" };
        log.define(&definition(&format!("quiz-{number}"), title));
    }
    let mut owner = Owner::open(&database.projection(), &definitions()).await;
    let dead_letters = owner.apply_rest(&log).await;
    let offsets: Vec<i64> = dead_letters.iter().map(|poison| poison.offset).collect();
    assert_eq!(offsets, poisonous);
    assert!(dead_letters.iter().all(|poison| poison.reason == "refused_by_store"));
    assert!(dead_letters.iter().all(|poison| poison.detail.contains("22021")), "{dead_letters:?}");
    assert_eq!(database.rows("quizzes").await.len(), 60);
    assert_eq!(Owner::open(&database.projection(), &definitions()).await.next, 64);
}

#[tokio::test]
async fn every_way_to_be_refused_for_ever_is_a_dead_letter() {
    let database = TestDatabase::prepared().await;
    let mut log = Log::new();
    log.submit(&submission(1));
    log.append(NEW_YEAR, None);
    log.append(NEW_YEAR, Some(b"not avro".to_vec()));
    log.submit(&QuizSubmitted {
        response_id: "f47ac10b-58cc-4372-a567-0e02b2c3d479".into(),
        ..submission(2)
    });
    log.submit(&QuizSubmitted { visitor_id: Some("?".into()), ..submission(3) });
    log.submit(&QuizSubmitted { quiz_id: "Ação".into(), ..submission(4) });
    log.submit(&QuizSubmitted { device: "a\0b".into(), ..submission(5) });
    let mut not_finite = submission(6);
    not_finite.answers.insert("peso".into(), AnswerValue::Double(f64::NAN));
    log.submit(&not_finite);
    let endless = QuizSubmitted { received_at: i64::MAX - 1, ..submission(7) };
    log.submit(&endless);
    log.records.last_mut().unwrap().append_ms = NEW_YEAR;
    log.submit(&submission(8));

    let mut dead_letters = fold_all(&database, &log).await;
    dead_letters.sort_by_key(|poison| poison.offset);
    let reasons: Vec<_> = dead_letters.iter().map(|poison| (poison.offset, poison.reason)).collect();
    assert_eq!(
        reasons,
        [
            (1, "tombstone"),
            (2, "bad_frame"),
            (3, "bad_id"),
            (4, "bad_id"),
            (5, "bad_id"),
            (6, "nul"),
            (7, "not_finite"),
            (8, "bad_time"),
        ]
    );
    assert_eq!(
        database.reader().response_ids("emagrecimento").await.unwrap(),
        [response_id(1).uuid(), response_id(8).uuid()]
    );
}

#[tokio::test]
async fn a_document_beyond_a_limit_of_the_server_is_a_dead_letter_too() {
    let database = TestDatabase::prepared().await;
    let mut log = Log::new();
    log.define(&QuizDefinition { document: "[]".into(), ..definition("not-an-object", "") });
    log.define(&QuizDefinition { document: r#"{"title":"a\u0000b"}"#.into(), ..definition("nul", "") });
    let number_too_long = format!(r#"{{"title":"x","n":1{}}}"#, "0".repeat(140_000));
    log.define(&QuizDefinition { document: number_too_long, ..definition("number", "") });
    log.define(&definition("good", "Bom"));
    let mut owner = Owner::open(&database.projection(), &definitions()).await;
    let dead_letters = owner.apply_rest(&log).await;
    let reasons: Vec<_> = dead_letters.iter().map(|poison| (poison.offset, poison.reason)).collect();
    assert_eq!(reasons, [(0, "bad_document"), (1, "refused_by_store"), (2, "refused_by_store")]);
    assert_eq!(database.rows("quizzes").await.len(), 1);
}

#[tokio::test]
async fn a_batch_of_nothing_but_dead_letters_moves_the_resume_point() {
    let database = TestDatabase::prepared().await;
    let mut log = Log::new();
    log.append(NEW_YEAR, None);
    assert_eq!(fold_all(&database, &log).await.len(), 1);
    let points = database.reader().resume_points().await.unwrap();
    assert_eq!(points[&submissions()], log.through(0));
}

#[tokio::test]
async fn an_unknown_schema_waits_for_the_registry() {
    let database = TestDatabase::prepared().await;
    let mut log = Log::new();
    log.submit(&submission(1));
    log.records[0].value.as_mut().unwrap()[1..5].copy_from_slice(&77_u32.to_be_bytes());
    let mut owner = Owner::open(&database.projection(), &submissions()).await;
    let outcome = owner.apply(&log, 1).await;
    assert!(matches!(outcome, Err(FoldError::Retry { reason: "registry", .. })), "{outcome:?}");
}

#[tokio::test]
async fn an_owner_that_was_overtaken_writes_nothing_and_is_opened_again() {
    let database = TestDatabase::prepared().await;
    let log = Log::of((0..10).map(submission));
    // Both open before there is any resume point.
    let mut zombie = Owner::open(&database.projection(), &submissions()).await;
    let mut owner = Owner::open(&database.projection(), &submissions()).await;
    owner.apply(&log, 2).await.unwrap();
    let outcome = zombie.apply(&log, 10).await;
    assert!(matches!(outcome, Err(FoldError::Reopen(_))), "{outcome:?}");
    assert_eq!(database.reader().count_responses("emagrecimento").await.unwrap(), 2, "rolled back");

    // And both with one.
    let mut zombie = Owner::open(&database.projection(), &submissions()).await;
    owner.apply(&log, 5).await.unwrap();
    let outcome = zombie.apply(&log, 1).await;
    assert!(matches!(outcome, Err(FoldError::Reopen(_))), "{outcome:?}");
    let points = database.reader().resume_points().await.unwrap();
    assert_eq!(points[&submissions()], log.through(6), "the resume point never goes back");
    assert_eq!(database.reader().rows_beyond_resume_points().await.unwrap(), 0);

    let mut reopened = Owner::open(&database.projection(), &submissions()).await;
    assert_eq!(reopened.next, 7);
    reopened.apply(&log, 3).await.unwrap();
    assert_eq!(database.reader().count_responses("emagrecimento").await.unwrap(), 10);
}

#[tokio::test]
async fn a_batch_is_durable_when_it_is_applied() {
    let database = TestDatabase::prepared().await;
    let log = Log::of([submission(1)]);
    let mut owner = Owner::open(&database.projection(), &submissions()).await;
    let batch = Batch::new(&log.records, &[], log.through(0));
    assert_eq!(owner.fold.apply(&batch).await.unwrap(), Applied::Durable);
}
