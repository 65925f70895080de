//! What providers and recipients tell: delivery reports, inbound messages, unsubscribing.
