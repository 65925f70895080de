//! CPU time from `/proc/<pid>/stat` (proc(5)), children included.

use std::collections::{BTreeMap, HashMap};
use std::fs;

use anyhow::Context;
use nix::unistd::{SysconfVar, sysconf};

/// One line of `/proc/<pid>/stat`, as far as it is used. Times in clock ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ProcessStat {
    parent: u32,
    own: u64,
    /// Of children that have ended and were waited for, and of theirs.
    ended_children: u64,
}

/// CPU seconds by process, at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CpuTimes(pub BTreeMap<String, f64>);

impl CpuTimes {
    /// Of each process and everything below it. A process that is gone is left out.
    pub fn now(processes: &BTreeMap<String, u32>) -> anyhow::Result<Self> {
        let table = process_table()?;
        let ticks_per_second = ticks_per_second()?;
        let mut times = BTreeMap::new();
        for (name, pid) in processes {
            if table.contains_key(pid) {
                times.insert(name.clone(), ticks_of_tree(*pid, &table) as f64 / ticks_per_second);
            }
        }
        Ok(Self(times))
    }

    /// What was used since `earlier`, by each process that lived at both moments.
    pub fn since(&self, earlier: &Self) -> BTreeMap<String, f64> {
        let used = self.0.iter().filter_map(|(name, now)| Some((name.clone(), now - earlier.0.get(name)?)));
        used.collect()
    }
}

/// CPU seconds of one process and everything below it.
pub fn cpu_seconds(pid: u32) -> anyhow::Result<f64> {
    let table = process_table()?;
    anyhow::ensure!(table.contains_key(&pid), "there is no process {pid}");
    Ok(ticks_of_tree(pid, &table) as f64 / ticks_per_second()?)
}

fn ticks_per_second() -> anyhow::Result<f64> {
    let ticks = sysconf(SysconfVar::CLK_TCK)?.context("the system has no clock ticks")?;
    Ok(ticks as f64)
}

fn process_table() -> anyhow::Result<HashMap<u32, ProcessStat>> {
    let mut table = HashMap::new();
    for entry in fs::read_dir("/proc").context("/proc cannot be read")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process may end between the listing and the reading.
        let Ok(text) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        if let Some(stat) = parse_stat(&text) {
            table.insert(pid, stat);
        }
    }
    Ok(table)
}

fn ticks_of_tree(root: u32, table: &HashMap<u32, ProcessStat>) -> u64 {
    let of_process = table.get(&root).map_or(0, |stat| stat.own + stat.ended_children);
    let children = table.iter().filter(|(_, stat)| stat.parent == root).map(|(pid, _)| *pid);
    of_process + children.map(|child| ticks_of_tree(child, table)).sum::<u64>()
}

/// The name, in parentheses, may hold anything: fields are counted from the last parenthesis.
fn parse_stat(text: &str) -> Option<ProcessStat> {
    let (_, behind_name) = text.rsplit_once(')')?;
    // From field 3 (state) on: 4 is the parent, 14 to 17 are utime, stime, cutime and cstime.
    let fields: Vec<&str> = behind_name.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    Some(ProcessStat {
        parent: u32::try_from(field(4)?).ok()?,
        own: field(14)? + field(15)?,
        ended_children: field(16)? + field(17)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_whatever_the_name_holds() {
        let line =
            "42 (a (b) c) S 7 42 42 0 -1 4194304 100 0 0 0 150 50 3 4 20 0 12 0 100 1 1 18446744073709551615";
        assert_eq!(parse_stat(line), Some(ProcessStat { parent: 7, own: 200, ended_children: 7 }));
        assert_eq!(parse_stat("42 (short) S 7"), None);
    }

    #[test]
    fn a_tree_is_added_up_to_its_leaves() {
        let stat = |parent, own| ProcessStat { parent, own, ended_children: 1 };
        let table = HashMap::from([(1, stat(0, 10)), (2, stat(1, 20)), (3, stat(2, 30)), (4, stat(0, 500))]);
        assert_eq!(ticks_of_tree(1, &table), 63);
    }

    #[test]
    fn work_is_seen_in_our_own_process() {
        let processes = BTreeMap::from([("self".to_owned(), std::process::id())]);
        let before = CpuTimes::now(&processes).unwrap();
        let begin = std::time::Instant::now();
        let mut value = 1_u64;
        while begin.elapsed().as_millis() < 300 {
            value = std::hint::black_box(value.wrapping_mul(6_364_136_223_846_793_005));
        }
        let used = CpuTimes::now(&processes).unwrap().since(&before);
        assert!(used["self"] >= 0.02, "{used:?}");
    }
}
