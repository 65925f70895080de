//! Faults that the fault suite plants on purpose, to show that its checks can fail. They exist only in a build
//! with the feature `planted-faults`; `VENDZZ_PLANT` names those that are planted.

/// Whether a fault of this name is planted.
#[cfg(feature = "planted-faults")]
pub fn is_planted(name: &str) -> bool {
    static PLANTED: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let planted = PLANTED.get_or_init(|| std::env::var("VENDZZ_PLANT").unwrap_or_default());
    planted.split(',').any(|planted| planted == name)
}

#[cfg(not(feature = "planted-faults"))]
pub const fn is_planted(_: &str) -> bool {
    false
}
