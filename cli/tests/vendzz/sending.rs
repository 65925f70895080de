//! Messages, tallies, consent and suppression: the command on a database of its own.

use std::io::Write;

use serde_json::json;
use sqlx::Executor;
use tempfile::NamedTempFile;
use uuid::Uuid;
use vendzz_connectors::permissions::prepare;
use vendzz_runtime::postgres::PostgresConfig;

use crate::installation::{Ran, vendzz};

struct Database(vendzz_test_support::Database);

impl Database {
    /// Without tables.
    async fn bare() -> Self {
        Self(vendzz_test_support::Database::new("cli").await)
    }

    async fn new() -> Self {
        let database = Self::bare().await;
        prepare(&PostgresConfig::at(database.url().parse().unwrap())).await.unwrap();
        let partition = "CREATE TABLE sending.message_ledger_test PARTITION OF sending.message_ledger
            FOR VALUES FROM ('016f541a-3000-0000-0000-000000000000') TO ('03bb3c36-ec00-0000-0000-000000000000')";
        database.0.connect().await.execute(partition).await.unwrap();
        database
    }

    fn url(&self) -> String {
        self.0.url()
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        vendzz(arguments, &[("VENDZZ_POSTGRES_URL", &self.url()), ("USER", "ana")])
    }
}

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[tokio::test]
async fn a_suppression_is_added_listed_and_lifted_and_the_audit_says_by_whom() {
    let database = Database::new().await;
    let place = ["conta-1", "sms", "(11) 98765-4321"];
    let with = |before: &[&'static str], after: &[&'static str]| {
        let arguments: Vec<&str> = before.iter().chain(&place).chain(after).copied().collect();
        database.run(&arguments)
    };
    let added = with(&["suppression", "add"], &["--reason", "provider", "--json"]).expect(0).json();
    assert_eq!(added, json!({"changed": true}));
    assert!(with(&["suppression", "add"], &[]).expect(0).stdout.contains("suppressed already"));
    let listed = database.run(&["suppression", "list", "--account", "conta-1", "--json"]).expect(0).json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!((&listed[0]["contact"], &listed[0]["reason"]), (&json!("+5511987654321"), &json!("provider")));
    let table = database.run(&["suppression", "list", "--contact", "11987654321"]).expect(0).stdout;
    assert!(table.starts_with("ACCOUNT") && table.contains("+5511987654321"), "{table}");
    assert_eq!(
        database.run(&["suppression", "list", "--channel", "email", "--json"]).expect(0).json(),
        json!([])
    );
    with(&["suppression", "remove"], &[]).expect(0);
    with(&["suppression", "remove"], &[]).expect(1);
    with(&["consent", "grant"], &["--source", "loja"]).expect(0);
    with(&["consent", "withdraw"], &["--source", "telefone"]).expect(0);
    let consent = database.run(&["consent", "list", "--json"]).expect(0).json();
    assert_eq!((&consent[0]["state"], &consent[0]["source"]), (&json!("withdrawn"), &json!("telefone")));
    let audit: Vec<(String, String)> =
        sqlx::query_as("SELECT action, actor FROM sending.permission_audit ORDER BY entry")
            .fetch_all(&mut database.0.connect().await)
            .await
            .unwrap();
    let expected = ["suppressed", "unsuppressed", "granted", "withdrawn"];
    assert_eq!(audit, expected.map(|action| (action.to_owned(), "cli:ana".to_owned())));
}

#[tokio::test]
async fn a_file_is_imported_whole_or_not_at_all_and_comes_out_as_it_went_in() {
    let database = Database::new().await;
    let good = "account,channel,contact,reason\n\
        conta-1,email,ana@exemplo.com,unsubscribed\nconta-1,sms,+5511987654321,opt_out\n";
    let bad = file(&format!("{good}conta-1,sms,12,opt_out\nconta-1,fax,+5511987654321,opt_out\n"));
    let path = bad.path().to_str().unwrap();
    let refused = database.run(&["suppression", "import", path]).expect(1);
    assert!(refused.stdout.contains("line 4: contact is not a phone number"), "{refused:?}");
    assert!(refused.stdout.contains("line 5: channel must be"), "{refused:?}");
    assert!(refused.stdout.contains("nothing was imported"), "{refused:?}");
    assert_eq!(database.run(&["suppression", "list", "--json"]).expect(0).json(), json!([]));
    let skipped = database.run(&["suppression", "import", path, "--skip-bad", "--json"]).expect(0).json();
    assert_eq!((&skipped["new"], &skipped["known"]), (&json!(2), &json!(0)));
    assert_eq!(skipped["bad"].as_array().unwrap().len(), 2);
    let again = file(good);
    let known = database.run(&["suppression", "import", again.path().to_str().unwrap()]).expect(0);
    assert_eq!(known.stdout, "0 new, 2 known, 0 bad\n");
    assert_eq!(database.run(&["suppression", "export"]).expect(0).stdout, good);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("list.csv");
    let out = out.to_str().unwrap();
    let exported = database.run(&["suppression", "export", "--output", out, "--json"]).expect(0).json();
    assert_eq!(exported, json!({"rows": 2}));
    assert_eq!(std::fs::read_to_string(out).unwrap(), good);
    database.run(&["suppression", "export", "--output", out]).expect(1);

    let consents =
        "account,channel,contact,state,source\nconta-1,whatsapp,+5511987654321,granted,\"Loja, centro\"\n";
    let from = file(consents);
    database.run(&["consent", "import", from.path().to_str().unwrap()]).expect(0);
    assert_eq!(database.run(&["consent", "export"]).expect(0).stdout, consents);
    let wrong = database.run(&["consent", "import", again.path().to_str().unwrap()]).expect(64);
    assert!(
        wrong.stderr.contains("the first line must be account,channel,contact,state,source"),
        "{wrong:?}"
    );
}

#[tokio::test]
async fn a_messages_life_and_a_campaigns_tallies_are_shown() {
    let database = Database::new().await;
    let mut db = database.0.connect().await;
    let (sent, waiting) = (Uuid::now_v7(), Uuid::now_v7());
    for (id, state) in [(sent, "sent"), (waiting, "waiting")] {
        let sql = "INSERT INTO sending.message_ledger (message_id, channel, account_id, quiz_id, response_id,
                campaign_id, revision, step_id, recipient, sender_pool, unless_finished, message, due_at, late_from,
                state, not_before, attempt, provider, provider_ref, report)
            VALUES ($1, 'sms', 'conta-1', 'quiz-1', $1, 'campanha-1', 'r1', 'passo-1', '+5511987654321', 'padrao',
                true, '{}', now(), now(), $2, now(), 1, 'twilio', 'SM1', 'delivered')";
        sqlx::query(sql).bind(id).bind(state).execute(&mut db).await.unwrap();
    }
    let event = json!({"message_id": sent.to_string(), "number": 1, "account_id": "conta-1", "quiz_id": "quiz-1",
        "response_id": sent.to_string(), "campaign_id": "campanha-1", "revision": "r1", "step_id": "passo-1",
        "channel": "sms", "what": "delivered", "reason": "", "provider": "twilio", "provider_ref": "SM1",
        "attempt": 1, "happened_at": 1_767_225_600_000_i64});
    let sql = "INSERT INTO sending.delivery_events (message_id, number, event, happened_at)
        VALUES ($1, 1, $2::text::json, to_timestamp(1767225600))";
    sqlx::query(sql).bind(sent).bind(event.to_string()).execute(&mut db).await.unwrap();
    let tallies = "INSERT INTO sending.campaign_tallies VALUES ('campanha-1', 'sms', 'sent', 0, 3),
        ('campanha-1', 'sms', 'sent', 7, -2), ('campanha-1', 'sms', 'delivered', 7, 1),
        ('campanha-1', 'sms', 'waiting', 1, 99), ('campanha-2', 'sms', 'sent', 0, 5)";
    db.execute(tallies).await.unwrap();

    let shown = database.run(&["message", &sent.to_string()]).expect(0).stdout;
    assert!(shown.contains("************21 by sms") && !shown.contains("98765"), "{shown}");
    assert!(shown.contains("2026-01-01T00:00:00.000Z  delivered"), "{shown}");
    let whole = database.run(&["message", &sent.to_string(), "--show-contact", "--json"]).expect(0).json();
    assert_eq!(whole["recipient"], "+5511987654321");
    assert_eq!((&whole["state"], &whole["events"][0]["what"]), (&json!("sent"), &json!("delivered")));
    let stats = database.run(&["campaign", "stats", "campanha-1", "--json"]).expect(0).json();
    assert_eq!(
        stats["channels"],
        json!({"sms": {"states": {"sent": 1, "waiting": 1}, "reports": {"delivered": 1}}})
    );
    let table = database.run(&["campaign", "stats", "campanha-1"]).expect(0).stdout;
    assert!(
        table.lines().any(|line| line.split_whitespace().eq(["sms", "waiting", "1", "state"])),
        "{table}"
    );
    database.run(&["message", &Uuid::now_v7().to_string()]).expect(1);
    database.run(&["campaign", "stats", "campanha-9"]).expect(1);
}

#[tokio::test]
async fn wrong_usage_and_parts_that_are_away_are_named() {
    let database = Database::bare().await;
    for (arguments, said) in [
        (vec!["message", "7"], "a message id is a UUID"),
        (vec!["campaign", "stats", "Ação"], "a campaign id must be"),
        (vec!["suppression", "add", "conta-1", "fax", "x"], "a channel must be"),
        (vec!["suppression", "add", "conta-1", "sms", "987"], "the contact is not a phone number"),
        (vec!["suppression", "add", "Conta", "sms", "+5511987654321"], "an account id must be"),
        (
            vec!["suppression", "add", "conta-1", "sms", "+5511987654321", "--reason", "whim"],
            "a reason must be",
        ),
        (vec!["suppression", "import", "/nowhere"], "/nowhere"),
        (vec!["consent", "grant", "conta-1", "sms", "+5511987654321"], "--source"),
        (vec!["suppression", "list", "--limit", "0"], "invalid value '0'"),
    ] {
        let ran = database.run(&arguments).expect(64);
        assert!(ran.stderr.contains(said), "{arguments:?}: {ran:?}");
    }
    let no_tables = database.run(&["suppression", "list"]).expect(1);
    assert!(no_tables.stderr.contains("has vendzz-webhooks or a sender ever run?"), "{no_tables:?}");
    let nobody = vendzz(
        &["suppression", "list"],
        &[("VENDZZ_POSTGRES_URL", "postgres://vendzz@127.0.0.1:9/x"), ("USER", "ana")],
    );
    assert!(
        nobody.expect(69).stderr.contains("PostgreSQL at postgres://vendzz@127.0.0.1:9/x does not answer")
    );
}
