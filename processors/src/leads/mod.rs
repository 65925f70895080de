//! Finds the respondent's own contact among the answers.
