//! How the command ends: 0, 1, 64 or 69 (sysexits.h).

use std::fmt;
use std::io;
use std::process::ExitCode;

pub(crate) const USAGE: u8 = vendzz_runtime::service::EXIT_USAGE;
pub(crate) const UNAVAILABLE: u8 = vendzz_runtime::service::EXIT_UNAVAILABLE;

/// What a command that ran to its end has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Yes,
    /// Exit status 1: there is a difference, a refusal, a gap.
    No,
}

impl Answer {
    pub(crate) fn yes_if(condition: bool) -> Self {
        if condition { Self::Yes } else { Self::No }
    }
}

/// A part of the system that does not answer: exit status 69.
#[derive(Debug, thiserror::Error)]
pub(crate) struct Away {
    pub(crate) part: &'static str,
    pub(crate) address: String,
    pub(crate) detail: String,
    pub(crate) advice: &'static str,
}

impl fmt::Display for Away {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} at {} does not answer ({})\n  {}",
            self.part, self.address, self.detail, self.advice
        )
    }
}

/// What the command line asks for does not exist or does not go together: exit status 64.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// The command line was not understood, or asked for help.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // A closed standard output or error leaves nobody to tell.
    let _ = error.print();
    match error.kind() {
        clap::error::ErrorKind::DisplayHelp | clap::error::ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(USAGE),
    }
}

/// Tells what went wrong, if anything did.
pub(crate) fn status(outcome: anyhow::Result<Answer>) -> ExitCode {
    let error = match outcome {
        Ok(Answer::Yes) => return ExitCode::SUCCESS,
        Ok(Answer::No) => return ExitCode::FAILURE,
        Err(error) => error,
    };
    if is_closed_pipe(&error) {
        return ExitCode::SUCCESS;
    }
    if let Some(away) = error.chain().find_map(|cause| cause.downcast_ref::<Away>()) {
        eprintln!("vendzz: {away}");
        return ExitCode::from(UNAVAILABLE);
    }
    eprintln!("vendzz: {error:#}");
    if error.chain().any(|cause| cause.is::<Usage>()) { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
}

/// `vendzz tail … | head` has seen enough.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let broken = |cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe;
    error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>()).any(broken)
}
