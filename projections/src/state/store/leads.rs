use sqlx::PgConnection;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use vendzz_runtime::kernel::Source;
use vendzz_runtime::row_fold::StoredRow;

use crate::state::rows::{LeadRow, LeadSighting, NameSighting};

impl StoredRow for LeadRow {
    async fn insert(rows: &[Self], source: &Source, connection: &mut PgConnection) -> sqlx::Result<u64> {
        let texts = |of: fn(&Self) -> &str| rows.iter().map(of).collect::<Vec<_>>();
        let query = sqlx::query(include_str!("../sql/upsert_leads.sql"))
            .bind(&source.incarnation)
            .bind(source.partition)
            .bind(rows.iter().map(|row| row.lead_id).collect::<Vec<_>>())
            .bind(texts(|row| &row.account_id))
            .bind(texts(|row| &row.field))
            .bind(texts(|row| &row.value));
        let query = bind_names(query, rows);
        let query = bind_sightings(query, rows.iter().map(|row| &row.first).collect());
        let query = bind_sightings(query, rows.iter().map(|row| &row.last).collect());
        let name_seen = |row: &Self| row.name.as_ref().map(|name| name.place.seen_at);
        let query = query.bind(rows.iter().map(name_seen).collect::<Vec<_>>());
        Ok(query.execute(connection).await?.rows_affected())
    }
}

type PgQuery<'q> = Query<'q, sqlx::Postgres, PgArguments>;

fn bind_names<'q>(query: PgQuery<'q>, rows: &'q [LeadRow]) -> PgQuery<'q> {
    let names: Vec<Option<&NameSighting>> = rows.iter().map(|row| row.name.as_ref()).collect();
    let texts =
        |of: fn(&'q NameSighting) -> &'q str| names.iter().map(|name| name.map(of)).collect::<Vec<_>>();
    query
        .bind(texts(|name| &name.name.value))
        .bind(names.iter().map(|name| name.map(|name| name.name.confidence)).collect::<Vec<_>>())
        .bind(texts(|name| &name.name.element_id))
        .bind(texts(|name| &name.name.evidence))
        .bind(names.iter().map(|name| name.map(|name| name.place.append_at)).collect::<Vec<_>>())
        .bind(names.iter().map(|name| name.map(|name| name.place.offset)).collect::<Vec<_>>())
}

fn bind_sightings<'q>(query: PgQuery<'q>, sightings: Vec<&'q LeadSighting>) -> PgQuery<'q> {
    let texts = |of: fn(&'q LeadSighting) -> &'q str| sightings.iter().copied().map(of).collect::<Vec<_>>();
    query
        .bind(sightings.iter().map(|sighting| sighting.place.seen_at).collect::<Vec<_>>())
        .bind(texts(|sighting| &sighting.quiz_id))
        .bind(sightings.iter().map(|sighting| sighting.response_id).collect::<Vec<_>>())
        .bind(texts(|sighting| &sighting.trigger))
        .bind(sightings.iter().map(|sighting| sighting.confidence).collect::<Vec<_>>())
        .bind(texts(|sighting| &sighting.element_id))
        .bind(texts(|sighting| &sighting.evidence))
        .bind(sightings.iter().map(|sighting| sighting.place.append_at).collect::<Vec<_>>())
        .bind(sightings.iter().map(|sighting| sighting.place.offset).collect::<Vec<_>>())
}
