//! `vendzz lag`: how far the projections are behind the log.

mod measure;

use std::time::Duration;

use serde::Serialize;

use crate::cluster::Cluster;
use crate::exit::Answer;
use crate::output;
use crate::settings::Settings;

/// Between two looks of `--watch`.
pub(crate) const WATCH_EVERY: Duration = Duration::from_secs(2);

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[arg(long, help = "Again every 2 s")]
    watch: bool,
    #[arg(long, help = "Print JSON")]
    json: bool,
}

/// One consumer group.
#[derive(Debug, Serialize)]
struct GroupLag {
    group: String,
    /// Records behind, over all partitions.
    records: i64,
    /// Seconds behind: those of the partition that is furthest behind; `None` when one is not known.
    seconds: Option<f64>,
    partitions: Vec<PartitionLag>,
}

#[derive(Debug, Serialize)]
struct PartitionLag {
    topic: String,
    partition: i32,
    /// Offset to be applied next; `None` when the group has not yet committed one.
    next: Option<i64>,
    /// Offset that the next record will get.
    end: i64,
    records: i64,
    /// Age of the first record not applied; 0 when there is none, `None` when it could not be read
    /// in time.
    seconds: Option<f64>,
}

pub(crate) async fn run(options: Options, settings: &Settings) -> anyhow::Result<Answer> {
    let cluster = Cluster::connect(&settings.kafka)?;
    loop {
        let lags = measure::measure(&cluster)?;
        if options.watch {
            output::clear();
        }
        show(&lags, options.json, options.watch)?;
        if !options.watch {
            return Ok(Answer::Yes);
        }
        tokio::time::sleep(WATCH_EVERY).await;
    }
}

fn show(lags: &[GroupLag], json: bool, watch: bool) -> anyhow::Result<()> {
    match (json, watch) {
        (true, true) => return output::json_line(&lags),
        (true, false) => return output::json(&lags),
        (false, _) => {}
    }
    let mut rows = Vec::new();
    for group in lags {
        for partition in &group.partitions {
            rows.push(vec![
                group.group.clone(),
                format!("{}/{}", partition.topic, partition.partition),
                partition.next.map_or("(none yet)".to_owned(), |next| next.to_string()),
                partition.end.to_string(),
                partition.records.to_string(),
                shown_seconds(partition.seconds),
            ]);
        }
        let total = "all".to_owned();
        rows.push(vec![
            group.group.clone(),
            total,
            String::new(),
            String::new(),
            group.records.to_string(),
            shown_seconds(group.seconds),
        ]);
    }
    Ok(output::table(&["group", "partition", "next", "end", "records behind", "seconds behind"], rows)?)
}

fn shown_seconds(seconds: Option<f64>) -> String {
    seconds.map_or("?".to_owned(), |seconds| format!("{seconds:.1}"))
}
