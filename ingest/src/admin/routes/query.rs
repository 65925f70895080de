use std::collections::HashMap;

use axum::extract::Query;
use axum::http::Uri;

use super::super::refusal::Refusal;

const DEFAULT_PAGE: usize = 100;
const MAX_PAGE: usize = 1_000;

/// The query of a list's address; each parameter is taken out once.
pub(super) struct ListQuery(HashMap<String, String>);

impl ListQuery {
    pub(super) fn read(uri: &Uri) -> Result<Self, Refusal> {
        let query = Query::<HashMap<String, String>>::try_from_uri(uri);
        query.map(|Query(query)| Self(query)).map_err(|_| bad("query", "cannot be read"))
    }

    pub(super) fn take(&mut self, parameter: &str) -> Option<String> {
        self.0.remove(parameter)
    }

    /// How many entries a page has.
    pub(super) fn take_limit(&mut self) -> Result<usize, Refusal> {
        match self.take("limit").map(|limit| limit.parse()) {
            None => Ok(DEFAULT_PAGE),
            Some(Ok(limit)) if (1..=MAX_PAGE).contains(&limit) => Ok(limit),
            Some(_) => Err(bad("limit", "expected a number from 1 to 1000")),
        }
    }

    /// Nothing may be left; `known` says which parameters there are.
    pub(super) fn finish(self, known: &'static str) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(bad("query", known)) }
    }
}

pub(super) fn bad(parameter: &'static str, reason: &'static str) -> Refusal {
    Refusal::BadQuery { parameter, reason }
}
