use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::generator::LoadFigures;
use crate::table::grouped;

/// Elsewhere than on a terminal a line stands for ever, so there are few.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// One line that is written over on a terminal, and plain lines elsewhere.
pub struct Progress {
    is_terminal: bool,
    shown_last: Option<Instant>,
}

impl Progress {
    pub fn start() -> Self {
        Self { is_terminal: std::io::stdout().is_terminal(), shown_last: None }
    }

    pub fn show(&mut self, line: &str) {
        if self.is_terminal {
            print!("\r\x1b[2K{line}");
            // A terminal that is gone is noticed elsewhere.
            let _ = std::io::stdout().flush();
            return;
        }
        let is_due = self.shown_last.is_none_or(|last| last.elapsed() >= PLAIN_EVERY);
        if is_due {
            println!("{line}");
            self.shown_last = Some(Instant::now());
        }
    }

    /// The last line, which stays.
    pub fn finish(&mut self, line: &str) {
        if self.is_terminal {
            print!("\r\x1b[2K");
        }
        println!("{line}");
    }
}

pub(super) fn traffic_line(figures: &LoadFigures, length: Duration) -> String {
    let (submissions, views) = (&figures.submissions, &figures.views);
    let waiting =
        |kind: &crate::generator::KindFigures| kind.issued - kind.accepted - kind.refused - kind.unresolved;
    format!(
        "{:>3.0}/{} s  submissions {} accepted, {} refused, p50 {:.1} p99 {:.1} ms  views {} accepted, p99 {:.1} ms  beacons {}  resent {}  waiting {}",
        figures.seconds,
        length.as_secs(),
        grouped(submissions.accepted),
        grouped(submissions.refused),
        submissions.p50_ms,
        submissions.p99_ms,
        grouped(views.accepted),
        views.p99_ms,
        grouped(figures.beacons.accepted),
        grouped(submissions.repeated + submissions.sent_again + views.sent_again),
        grouped(waiting(submissions) + waiting(views)),
    )
}
