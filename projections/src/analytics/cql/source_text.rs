use vendzz_runtime::kernel::Source;

/// A source as it stands in the tables: `topic/incarnation/partition`.
pub fn source_text(source: &Source) -> String {
    format!("{}/{}/{}", source.topic, source.incarnation, source.partition)
}
