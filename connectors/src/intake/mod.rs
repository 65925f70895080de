//! Folds the channel topics and the campaigns' definitions into the ledger.
