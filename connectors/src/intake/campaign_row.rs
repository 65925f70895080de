use sqlx::PgConnection;
use vendzz_runtime::kernel::Source;
use vendzz_runtime::row_fold::{FoldedRow, StoredRow};
use vendzz_schemas::contract::Violation;
use vendzz_schemas::events::CampaignDefinition;
use vendzz_schemas::ids::check_name;

const BAD_CAMPAIGN: Violation = Violation { reason: "bad_id", detail: "the campaign's id is malformed" };
const NUL: Violation = Violation { reason: "nul", detail: "a text contains U+0000" };

/// What the newest version of a campaign says: pause and cancel act on what waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignRow {
    pub campaign_id: String,
    pub account_id: String,
    pub state: String,
    pub revision: String,
    append_ms: i64,
    offset: i64,
}

impl FoldedRow for CampaignRow {
    type Event = CampaignDefinition;

    fn of(event: CampaignDefinition, offset: i64, append_ms: i64) -> Result<Option<Self>, Violation> {
        check_name(&event.campaign_id).map_err(|_| BAD_CAMPAIGN)?;
        if [&event.account_id, &event.state, &event.revision].iter().any(|text| text.contains('\0')) {
            return Err(NUL);
        }
        let CampaignDefinition { campaign_id, account_id, state, revision, .. } = event;
        Ok(Some(Self { campaign_id, account_id, state, revision, append_ms, offset }))
    }

    /// The newest is kept, as the table keeps it.
    fn merge(mut rows: Vec<Self>) -> Vec<Self> {
        rows.sort_by(|a, b| (&a.campaign_id, b.offset).cmp(&(&b.campaign_id, a.offset)));
        rows.dedup_by(|later, kept| later.campaign_id == kept.campaign_id);
        rows
    }

    fn offset(&self) -> i64 {
        self.offset
    }
}

impl StoredRow for CampaignRow {
    async fn insert(rows: &[Self], _source: &Source, connection: &mut PgConnection) -> sqlx::Result<u64> {
        let texts = |of: fn(&Self) -> &str| rows.iter().map(of).collect::<Vec<_>>();
        let query = sqlx::query(include_str!("sql/upsert_campaigns.sql"))
            .bind(texts(|row| &row.campaign_id))
            .bind(texts(|row| &row.account_id))
            .bind(texts(|row| &row.state))
            .bind(texts(|row| &row.revision))
            .bind(rows.iter().map(|row| row.append_ms).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.offset).collect::<Vec<_>>());
        Ok(query.execute(connection).await?.rows_affected())
    }
}
