use std::collections::BTreeMap;
use std::str::FromStr;

use crate::cluster::Cluster;
use crate::exit::Usage;
use crate::output;

/// Where to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    Beginning,
    End,
    Offset(i64),
    /// So many records before the end of each partition.
    BeforeEnd(i64),
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be beginning, end, an offset, or -N for the last N")]
pub(crate) struct BadFrom;

impl FromStr for From {
    type Err = BadFrom;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "beginning" => return Ok(Self::Beginning),
            "end" => return Ok(Self::End),
            _ => {}
        }
        let number: i64 = text.parse().map_err(|_| BadFrom)?;
        match number.checked_neg() {
            None => Err(BadFrom),
            Some(count) if text.starts_with('-') => Ok(Self::BeforeEnd(count)),
            Some(_) => Ok(Self::Offset(number)),
        }
    }
}

/// One partition on its way to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) first: i64,
    /// Offset that is expected next.
    pub(crate) next: i64,
    /// High watermark when the command began.
    pub(crate) end: i64,
}

pub(crate) fn starts(
    cluster: &Cluster,
    topic: &str,
    only: Option<i32>,
    from: From,
) -> anyhow::Result<BTreeMap<i32, Start>> {
    let topics = cluster.topics()?;
    let partitions = topics.get(topic).into_iter().flatten().map(|partition| partition.id);
    let chosen: Vec<i32> = partitions.filter(|id| only.is_none_or(|only| only == *id)).collect();
    if chosen.is_empty() {
        return Err(Usage(format!("{topic} has no partition {}", only.unwrap_or(0))).into());
    }
    if matches!(from, From::Offset(_)) && chosen.len() > 1 {
        return Err(Usage(format!(
            "an offset needs --partition, since {topic} has {} partitions",
            chosen.len()
        ))
        .into());
    }
    let mut starts = BTreeMap::new();
    for partition in chosen {
        let (low, high) = cluster.watermarks(topic, partition)?;
        if let From::Offset(offset) = from
            && !(low..=high).contains(&offset)
        {
            output::progress(format!("{topic}/{partition} holds offsets {low} to {high}, not {offset}"));
        }
        let first = first_offset(from, low, high);
        starts.insert(partition, Start { first, next: first, end: high });
    }
    Ok(starts)
}

/// Within what the partition holds.
fn first_offset(from: From, low: i64, high: i64) -> i64 {
    match from {
        From::Beginning => low,
        From::End => high,
        From::Offset(offset) => offset.clamp(low, high),
        From::BeforeEnd(count) => high.saturating_sub(count).max(low),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_ways_to_begin_are_read() {
        assert_eq!("beginning".parse(), Ok(From::Beginning));
        assert_eq!("end".parse(), Ok(From::End));
        assert_eq!("17".parse(), Ok(From::Offset(17)));
        assert_eq!("-17".parse(), Ok(From::BeforeEnd(17)));
        for bad in ["", "start", "1.5", "-", "-9223372036854775808"] {
            assert_eq!(bad.parse::<From>(), Err(BadFrom), "{bad}");
        }
    }

    #[test]
    fn nothing_begins_outside_of_what_is_kept() {
        assert_eq!(first_offset(From::Beginning, 5, 9), 5);
        assert_eq!(first_offset(From::End, 5, 9), 9);
        assert_eq!(first_offset(From::Offset(2), 5, 9), 5);
        assert_eq!(first_offset(From::Offset(12), 5, 9), 9);
        assert_eq!(first_offset(From::BeforeEnd(3), 5, 9), 6);
        assert_eq!(first_offset(From::BeforeEnd(100), 5, 9), 5);
    }
}
