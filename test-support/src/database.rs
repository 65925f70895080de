use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, PgConnection};
use uuid::Uuid;

use crate::postgres_url;

/// A database of its own on the shared server; goes with the value.
pub struct Database {
    name: String,
}

impl Database {
    /// Empty. `kind` stands in its name.
    pub async fn new(kind: &str) -> Self {
        let name = format!("test_{kind}_{}", &Uuid::new_v4().simple().to_string()[..12]);
        let mut server = connect(&postgres_url()).await;
        server.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        Self { name }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn url(&self) -> String {
        let server = postgres_url();
        let (before, _) = server.rsplit_once('/').expect("a URL names its database behind a slash");
        format!("{before}/{}", self.name)
    }

    pub async fn connect(&self) -> PgConnection {
        connect(&self.url()).await
    }

    /// One value of one row.
    pub async fn value<T>(&self, sql: &'static str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        sqlx::query_scalar(sql).fetch_one(&mut self.connect().await).await.unwrap()
    }
}

impl Drop for Database {
    /// What cannot be removed now does no harm.
    fn drop(&mut self) {
        let name = self.name.clone();
        let removing = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                connect(&postgres_url()).await.execute(AssertSqlSafe(drop)).await.unwrap();
            });
        });
        let _ = removing.join();
    }
}

async fn connect(url: &str) -> PgConnection {
    let options: PgConnectOptions = url.parse().unwrap();
    options.connect().await.expect("the tests need the local stack: infra/local/stack up")
}
