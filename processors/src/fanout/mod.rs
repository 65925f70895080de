//! From a response to its leads and messages.
