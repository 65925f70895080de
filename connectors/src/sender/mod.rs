//! Takes due rows of the ledger under a lease and speaks to providers.
