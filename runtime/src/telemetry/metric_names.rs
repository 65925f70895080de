//! Every metric of every service, in one table. `docs/metrics.md` is generated from it.

use metrics::{Counter, Gauge, Histogram, Label};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    Counter,
    Gauge,
    Histogram,
}

macro_rules! metric_names {
    ($($variant:ident, $kind:ident, $name:literal, [$($label:literal),*], $help:literal;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum MetricName { $($variant,)* }

        impl MetricName {
            pub const ALL: &'static [MetricName] = &[$(MetricName::$variant,)*];

            pub fn name(self) -> &'static str {
                match self { $(MetricName::$variant => $name,)* }
            }

            pub fn kind(self) -> MetricKind {
                match self { $(MetricName::$variant => MetricKind::$kind,)* }
            }

            /// The labels that it carries; each has a bounded set of values.
            pub fn labels(self) -> &'static [&'static str] {
                match self { $(MetricName::$variant => &[$($label),*],)* }
            }

            pub fn help(self) -> &'static str {
                match self { $(MetricName::$variant => $help,)* }
            }
        }
    };
}

metric_names! {
    // The edge.
    QuizViews, Counter, "vendzz_quiz_views_total", ["outcome"], "Views by outcome: accepted, refused, limited, dropped (queue full or Kafka away), lost (accepted, not delivered).";
    QuizSubmissions, Counter, "vendzz_quiz_submissions_total", ["outcome"], "Submissions by outcome: accepted, refused, limited, unavailable.";
    ResponseTime, Histogram, "vendzz_response_time_seconds", ["route"], "Seconds from the request's head to the response's, by route.";
    HttpResponses, Counter, "vendzz_http_responses_total", ["route", "status"], "Responses by route and status.";
    RequestsShed, Counter, "vendzz_requests_shed_total", ["reason"], "Requests refused before they were read, by reason.";
    Connections, Gauge, "vendzz_connections", [], "Open connections of the public listener.";
    RateLimited, Counter, "vendzz_rate_limited_total", ["route"], "Requests over their network's rate.";
    BotVerdicts, Counter, "vendzz_bot_verdicts_total", ["verdict"], "Verdicts of the bot check.";
    DefinitionsHeld, Gauge, "vendzz_definitions_held", [], "Quiz definitions in the edge's memory.";
    DefinitionsRefused, Counter, "vendzz_definitions_refused_total", [], "Quiz definitions that the edge could not use; the former version stays.";
    AddressHashMissing, Counter, "vendzz_address_hash_missing_total", [], "Events without an address hash, because the day's key was not known.";
    RequestPanics, Counter, "vendzz_request_panics_total", [], "Requests whose handler panicked and was answered 500.";
    SnapshotAge, Gauge, "vendzz_snapshot_age_seconds", [], "Seconds since the edge's disk snapshot was last written.";
    QuizProgress, Counter, "vendzz_quiz_progress_total", ["outcome"], "Progress beacons by outcome: accepted, refused, limited, dropped (queue full or Kafka away), lost (accepted, not delivered).";
    // The admin API.
    QuizChanges, Counter, "vendzz_quiz_changes_total", ["action", "outcome"], "Changes of quizzes asked of the admin API, by action (publish, unpublish) and outcome: created, updated, unchanged, refused, conflict, unavailable, unknown, failed.";
    CampaignChanges, Counter, "vendzz_campaign_changes_total", ["action", "outcome"], "Changes of campaigns asked of the admin API, by the state asked for (draft, activate, pause, end, unknown) and outcome: created, updated, unchanged, refused, conflict, unavailable, unknown, failed.";
    CampaignsHeld, Gauge, "vendzz_campaigns_held", [], "Campaigns in memory.";
    // Producers.
    ProducerQueue, Gauge, "vendzz_producer_queue_records", ["producer"], "Records waiting in a producer's queue or in flight.";
    ProducerErrors, Counter, "vendzz_producer_errors_total", ["producer", "reason"], "Records that a producer could not deliver, by reason.";
    // The consumer kernel.
    ConsumerRecords, Counter, "vendzz_consumer_records_total", ["group", "topic"], "Records applied.";
    ConsumerBatches, Counter, "vendzz_consumer_batches_total", ["group", "topic"], "Batches applied.";
    ConsumerBatchTime, Histogram, "vendzz_consumer_batch_seconds", ["group"], "Seconds that applying one batch took.";
    ConsumerRetries, Counter, "vendzz_consumer_retries_total", ["group", "reason"], "Batches or flushes repeated after a failure that may pass.";
    ConsumerLag, Gauge, "vendzz_consumer_lag_records", ["group", "topic", "partition"], "Records behind the end of the partition.";
    ConsumerLagSeconds, Gauge, "vendzz_consumer_lag_seconds", ["group", "topic", "partition"], "Age of the oldest record not yet applied, as far as known; 0 when there is none.";
    ConsumerPartitions, Gauge, "vendzz_consumer_partitions", ["group", "state"], "Partitions held by this process, by state: opening, running, stopped.";
    ConsumerRebalances, Counter, "vendzz_consumer_rebalances_total", ["group", "kind"], "Assignments, revocations and losses.";
    DeadLetters, Counter, "vendzz_dead_letters_total", ["group", "reason"], "Records set aside because they can never be applied.";
    // Projections.
    DuplicateSubmissions, Counter, "vendzz_duplicate_submissions_total", ["group"], "Resends recognised by the dedupe window.";
    EventTimeReplaced, Counter, "vendzz_event_time_replaced_total", ["group"], "Events whose own time was implausible, so that the append time counts.";
    RowsFlushed, Counter, "vendzz_rows_flushed_total", ["group"], "Rows written to the store.";
    FlushTime, Histogram, "vendzz_flush_seconds", ["group"], "Seconds that one flush took.";
    // Senders.
    ProviderCalls, Counter, "vendzz_provider_calls_total", ["channel", "outcome", "reason"], "Calls to providers by outcome: accepted, not_taken, refused, unknown; and not_called, of messages that were admitted and then not called for.";
    ProviderCallTime, Histogram, "vendzz_provider_call_seconds", ["channel"], "Seconds that one call to a provider took.";
    BreakerMoves, Counter, "vendzz_breaker_moves_total", ["channel"], "Times that the circuit breaker of a provider or of a sender opened or closed.";
    LeasesExpired, Counter, "vendzz_leases_expired_total", ["channel", "state"], "Rows whose holder fell silent, by the state in which they are now: waiting, or unknown when a call may have been made.";
    LedgerDue, Gauge, "vendzz_ledger_due_messages", ["channel"], "Messages that are due and may be leased, of each pool counted up to its share of the backlog.";
    SenderRoundsFailed, Counter, "vendzz_sender_rounds_failed_total", ["what"], "Rounds of a sender that failed and come again: send, outcome, give_back, suppress, publish, sweep, count.";
    // Fan-out.
    FanoutMessages, Counter, "vendzz_fanout_messages_total", ["channel"], "Campaign messages that the log has acknowledged, copies included.";
    FanoutLeads, Counter, "vendzz_fanout_leads_total", ["field"], "Contacts found in responses that the log has acknowledged, copies included.";
    FanoutSkipped, Counter, "vendzz_fanout_skipped_total", ["reason"], "What made no message: responses (bot, duplicate, before_emit_from) and campaigns of a response (not_active, other_account, other_quiz, audience, condition, no_contact, empty_text, template_failed, unusable).";
    FanoutVersionReplaced, Counter, "vendzz_fanout_version_replaced_total", [], "Responses whose version of the quiz is not held, so that they were read by another one.";
    FanoutPaused, Gauge, "vendzz_fanout_paused", [], "1 while nothing is followed up, because the definitions may not be all known.";
    FanoutDefinitionsRefused, Counter, "vendzz_fanout_definitions_refused_total", ["topic"], "Records of the definition topics that fan-out could not read.";
    FanoutVersionsHeld, Gauge, "vendzz_fanout_versions_held", ["topic"], "Versions of quizzes and of campaigns in fan-out's memory.";
    // Abandonment.
    AbandonmentDecided, Counter, "vendzz_abandonment_decided_total", ["outcome"], "Partial responses decided, by outcome: abandoned, finished.";
    AbandonmentPublished, Counter, "vendzz_abandonment_published_total", [], "Abandonments whose announcement the log has acknowledged, second copies after a crash included.";
    AbandonmentBehindProjector, Gauge, "vendzz_abandonment_behind_projector", [], "Partial responses that are due and wait for the state projector, as of the last sweep.";
    AbandonmentOldestDue, Gauge, "vendzz_abandonment_oldest_due_seconds", [], "How long ago the longest undecided partial response was due, as of the last sweep; 0 when none is.";
    AbandonmentSweepTime, Histogram, "vendzz_abandonment_sweep_seconds", [], "Seconds that one sweep took.";
    AbandonmentFailures, Counter, "vendzz_abandonment_failures_total", [], "Rounds of sweeping and announcing that failed and were repeated.";
    // Webhooks, consent and suppression.
    WebhookReports, Counter, "vendzz_webhook_reports_total", ["kind", "outcome"], "Delivery reports of providers (kind: twilio, meta) by outcome: moved, noted, repeated, unknown_message, other_account, mismatch, never_sent, unknown_status, foreign (no message of ours), unreadable.";
    WebhookInbound, Counter, "vendzz_webhook_inbound_total", ["kind", "outcome"], "Inbound messages by outcome: suppressed, repeated, no_opt_out, bad_contact.";
    WebhookStoreFailures, Counter, "vendzz_webhook_store_failures_total", [], "Requests that were answered 503 because PostgreSQL failed.";
    Unsubscribes, Counter, "vendzz_unsubscribes_total", ["outcome"], "Unsubscribe links followed, by outcome: shown, suppressed, known, forged, unknown_message, not_one_click, failed.";
    PermissionChanges, Counter, "vendzz_permission_changes_total", ["action", "outcome"], "Changes asked of the permissions API, by action (suppressed, unsuppressed, granted, withdrawn) and outcome (changed, unchanged).";
}

impl MetricName {
    /// A handle to be kept, without labels.
    pub fn counter(self) -> Counter {
        metrics::counter!(self.name())
    }

    /// A handle to be kept; `labels` are name and value.
    pub fn counter_of(self, labels: &[(&'static str, &str)]) -> Counter {
        metrics::counter!(self.name(), self.label_list(labels))
    }

    pub fn gauge(self) -> Gauge {
        metrics::gauge!(self.name())
    }

    pub fn gauge_of(self, labels: &[(&'static str, &str)]) -> Gauge {
        metrics::gauge!(self.name(), self.label_list(labels))
    }

    pub fn histogram_of(self, labels: &[(&'static str, &str)]) -> Histogram {
        metrics::histogram!(self.name(), self.label_list(labels))
    }

    /// Tells the recorder what each metric means.
    pub fn describe_all() {
        for metric in Self::ALL {
            match metric.kind() {
                MetricKind::Counter => metrics::describe_counter!(metric.name(), metric.help()),
                MetricKind::Gauge => metrics::describe_gauge!(metric.name(), metric.help()),
                MetricKind::Histogram => metrics::describe_histogram!(metric.name(), metric.help()),
            }
        }
    }

    fn label_list(self, labels: &[(&'static str, &str)]) -> Vec<Label> {
        debug_assert!(
            labels.iter().all(|(name, _)| self.labels().contains(name)),
            "{} has no such label",
            self.name()
        );
        labels.iter().map(|(name, value)| Label::new(*name, (*value).to_owned())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_say_their_kind_and_unit() {
        let mut seen = std::collections::BTreeSet::new();
        for metric in MetricName::ALL {
            let name = metric.name();
            assert!(seen.insert(name), "{name} twice");
            assert!(name.starts_with("vendzz_"), "{name}");
            assert_eq!(name.ends_with("_total"), metric.kind() == MetricKind::Counter, "{name}");
        }
    }
}
