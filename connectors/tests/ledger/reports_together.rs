//! Reports that arrive at the same moment, and so in one batch.

use uuid::Uuid;
use vendzz_connectors::webhooks::{Applied, RankedReport, Report, ReportStore};
use vendzz_schemas::campaign::Channel;

use crate::world::{ACCOUNT, PROVIDER, World, id_of};

fn delivered(message_id: Uuid, reference: &str) -> Report {
    let (reference, reason) = (reference.to_owned(), String::new());
    Report { message_id, report: RankedReport::Delivered, reference, reason }
}

#[tokio::test]
async fn what_postgresql_refuses_in_one_report_keeps_no_other() {
    let world = World::new(Channel::Sms).await;
    let messages: Vec<_> = (0..3).map(|number| world.message(&format!("+551190000000{number}"))).collect();
    let ids: Vec<Uuid> = messages.iter().map(id_of).collect();
    world.take_in(&messages).await;
    for id in &ids {
        world.set(*id, "state = 'unknown', attempt = 1").await;
    }
    let reports = ReportStore::new(&world.database.config(), "test");
    // No text of PostgreSQL holds a NUL.
    let told = [delivered(ids[0], "SM1"), delivered(ids[1], "SM\0"), delivered(ids[2], "SM3")];
    let asked = told.iter().map(|report| reports.apply(ACCOUNT, PROVIDER, report));
    let applied = futures::future::join_all(asked).await;
    assert_eq!(*applied[0].as_ref().unwrap(), Applied::Moved { to: "sent" });
    assert!(applied[1].is_err(), "{:?}", applied[1]);
    assert_eq!(*applied[2].as_ref().unwrap(), Applied::Moved { to: "sent" });
    for (id, state) in ids.iter().zip(["sent", "unknown", "sent"]) {
        assert_eq!(world.state(*id).await, state);
    }
    // The next batch is none the worse for it.
    let again = reports.apply(ACCOUNT, PROVIDER, &delivered(ids[1], "SM2")).await.unwrap();
    assert_eq!(again, Applied::Moved { to: "sent" });
}
