//! What the tests of the analytics fold share: a log made from small numbers, the fold's meaning
//! spelled out slowly, and a store that keeps the rule of CQL cells.
#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

pub(crate) mod cells;
pub(crate) mod keyspace;
pub(crate) mod log;
pub(crate) mod model;
pub(crate) mod source;

use std::time::Duration;

/// W of these tests.
pub(crate) const WINDOW: Duration = Duration::from_secs(80);
