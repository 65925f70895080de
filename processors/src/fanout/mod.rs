
/// Consumer group, behind the prefix.
pub const GROUP: &str = "process.fanout";
