//! What every service is built from: configuration, telemetry, health and drain, the producer,
//! followed tables, the consumer kernel and dead letters.
#![deny(unsafe_code)]

pub mod config;
pub mod crash_point;
pub mod decode;
pub mod dedupe;
pub mod health;
pub mod http;
pub mod kafka;
pub mod kernel;
pub mod planted;
pub mod postgres;
pub mod row_fold;
pub mod service;
pub mod tables;
pub mod telemetry;
