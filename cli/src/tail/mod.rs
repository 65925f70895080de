//! `vendzz tail`: the records of any topic, decoded.

mod decode;
mod show;
mod start;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use vendzz_schemas::topics::spec;

use crate::cluster::{Cluster, StoredRecord};
use crate::exit::{Answer, Usage};
use crate::output;
use crate::schemas::StoredSchemas;
use crate::settings::Settings;
use decode::ValueReader;
use start::{From, Start};

const POLL: Duration = Duration::from_millis(100);
/// Without `--follow`, a partition that yields nothing for this long, although more is there, is an error.
const SILENCE: Duration = Duration::from_secs(15);

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[arg(help = "A topic of the catalogue, e.g. quiz.submission.v1, or the real name of any other")]
    topic: String,
    #[arg(
        long,
        allow_hyphen_values = true,
        value_name = "beginning|end|OFFSET|-N",
        help = "Where to begin; -N: N records before the end of each partition [default: end; with --no-follow: beginning]"
    )]
    from: Option<From>,
    #[arg(long, help = "Only this partition")]
    partition: Option<i32>,
    #[arg(long, value_name = "N", help = "Stop after N records")]
    max: Option<u64>,
    #[arg(long, overrides_with = "no_follow", help = "Wait for what is appended from now on (the default)")]
    follow: bool,
    #[arg(long, help = "Stop at what is the end now")]
    no_follow: bool,
    #[arg(long, help = "Print JSON, one record a line")]
    json: bool,
}

pub(crate) async fn run(options: Options, settings: &Settings) -> anyhow::Result<Answer> {
    let cluster = Cluster::connect(&settings.kafka)?;
    let topic = real_name(&options.topic, &cluster)?;
    let encoding = settings.kafka.namespace.base(&topic).and_then(spec).map(|spec| spec.encoding);
    let schemas = StoredSchemas::read(&cluster)?.unwrap_or_default();
    let values = ValueReader::new(encoding, schemas, settings.registry()?);
    let from = options.from.unwrap_or(if options.no_follow { From::Beginning } else { From::End });
    let starts = start::starts(&cluster, &topic, options.partition, from)?;
    let tail = Tail { cluster: &cluster, topic, options, starts, values };
    tail.print().await
}

/// The catalogue's topic of that name, behind our prefix, or else the topic of exactly that name.
fn real_name(name: &str, cluster: &Cluster) -> anyhow::Result<String> {
    let topics = cluster.topics()?;
    let ours = cluster.config().name(name);
    if topics.contains_key(&ours) {
        return Ok(ours);
    }
    if topics.contains_key(name) {
        return Ok(name.to_owned());
    }
    if spec(name).is_some() {
        return Err(anyhow!("{ours} does not exist; `vendzz topics apply` makes it"));
    }
    Err(Usage(format!("there is no topic {ours}; `vendzz topics describe` lists those of the catalogue"))
        .into())
}

struct Tail<'a> {
    cluster: &'a Cluster,
    topic: String,
    options: Options,
    starts: BTreeMap<i32, Start>,
    values: ValueReader,
}

impl Tail<'_> {
    async fn print(mut self) -> anyhow::Result<Answer> {
        let consumer: BaseConsumer =
            self.cluster.config().reader("cli-tail").create().context("the Kafka client cannot be made")?;
        let mut assignment = TopicPartitionList::new();
        for (partition, start) in &self.starts {
            assignment.add_partition_offset(&self.topic, *partition, rdkafka::Offset::Offset(start.first))?;
        }
        consumer.assign(&assignment).context("the partitions cannot be read")?;
        let mut left = self.options.max.unwrap_or(u64::MAX);
        let mut heard_at = Instant::now();
        while left > 0 && !self.is_at_end() {
            match consumer.poll(POLL) {
                Some(Ok(message)) => {
                    let record = StoredRecord::of(&message);
                    heard_at = Instant::now();
                    if self.is_wanted(&record) {
                        show::record(
                            &self.topic,
                            &record,
                            &self.values.read(&record).await,
                            self.options.json,
                        )?;
                        left -= 1;
                    }
                    self.advance(record.partition, record.offset + 1);
                }
                // Compaction may have taken the last records before the end.
                Some(Err(KafkaError::PartitionEOF(partition))) => self.advance(partition, i64::MAX),
                Some(Err(error)) => self.read_failed(error, heard_at)?,
                None if self.options.no_follow && heard_at.elapsed() > SILENCE => {
                    return Err(anyhow!("{} stays silent before its end", self.topic));
                }
                None => {}
            }
        }
        Ok(Answer::Yes)
    }

    fn is_at_end(&self) -> bool {
        self.options.no_follow && self.starts.values().all(|start| start.next >= start.end)
    }

    /// Without `--follow`, what is appended while we read is left out.
    fn is_wanted(&self, record: &StoredRecord) -> bool {
        !self.options.no_follow
            || self.starts.get(&record.partition).is_none_or(|start| record.offset < start.end)
    }

    fn advance(&mut self, partition: i32, next: i64) {
        if let Some(start) = self.starts.get_mut(&partition) {
            start.next = start.next.max(next);
        }
    }

    /// While following, an outage of the brokers is waited for, as by any consumer.
    fn read_failed(&self, error: KafkaError, heard_at: Instant) -> anyhow::Result<()> {
        if !self.cluster.is_silent(&error) {
            return Err(self.cluster.failed(error).context(format!("{} cannot be read", self.topic)));
        }
        if self.options.no_follow && heard_at.elapsed() > SILENCE {
            return Err(self.cluster.failed(error));
        }
        output::progress(format!("Kafka does not answer ({error}); waiting"));
        Ok(())
    }
}
