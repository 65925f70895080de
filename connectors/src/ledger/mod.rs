//! The ledger: one row for a message, and the one way in which its state moves.
