use std::ops::{Deref, DerefMut};
use std::path::Path;

use vendzz_test_support::Process;

use super::eventually;

pub(crate) fn abandonment_binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_vendzz-abandonment"))
}

/// A running `vendzz-abandonment`.
pub(crate) struct Abandonment(pub(super) Process);

impl Abandonment {
    /// Waits until so many sweeps have begun and ended from now on.
    pub(crate) async fn sweeps(&self, count: u32) {
        const SWEEPS: &str = "vendzz_abandonment_sweep_seconds_count";
        // The one that is under way now does not count.
        let until = self.metric(SWEEPS).await + 1.0 + f64::from(count);
        eventually("sweeps", async || (self.metric(SWEEPS).await >= until).then_some(())).await;
    }
}

impl Deref for Abandonment {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.0
    }
}

impl DerefMut for Abandonment {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.0
    }
}
