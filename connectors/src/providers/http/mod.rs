//! One POST to a provider, after which it is known whether its body can have been taken.

mod authorization;
mod body;
mod client;
mod connector;
mod retry_after;

#[cfg(test)]
pub(super) mod test_server;
#[cfg(test)]
mod tests;

pub(super) use authorization::{basic, bearer};
pub(super) use client::{HttpAnswer, HttpClient};
