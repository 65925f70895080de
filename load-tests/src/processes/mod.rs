//! What processes cost: their CPU seconds by name.

mod cpu;
mod local;

pub use cpu::{CpuTimes, cpu_seconds};
pub use local::{local_processes, pid_in, pid_of};
