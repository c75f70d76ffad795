//! Query strings: which parameters a list takes, and what becomes of others.

use kogge_db::{Page, SortKey};
use kogge_http::{ApiError, Microversion, PageRules, Pairs};

use crate::api::body::additional;

/// Refuses parameters that are not in `known`, from microversion `strict` on.
pub(crate) fn only(
    pairs: &Pairs,
    known: &[&str],
    v: Microversion,
    strict: Microversion,
) -> Result<(), ApiError> {
    if v.before(strict) {
        return Ok(());
    }
    let extra: Vec<&str> = pairs.iter().map(|(name, _)| name).filter(|name| !known.contains(name)).collect();
    if extra.is_empty() { Ok(()) } else { Err(ApiError::bad_request(additional(&extra))) }
}

/// The page that is asked for.
pub(crate) fn page(pairs: &Pairs, most: u32, keys: &'static [SortKey]) -> Result<Page, ApiError> {
    let rules = PageRules { max_limit: Some(most), default_limit: None, sort_keys: keys, strict_sort: false };
    kogge_http::page(pairs, &rules)
}

/// Nova's spellings of true and false in a query.
pub(crate) fn boolean(name: &str, text: &str) -> Result<bool, ApiError> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "t" | "true" | "on" | "y" | "yes" => Ok(true),
        "0" | "f" | "false" | "off" | "n" | "no" => Ok(false),
        _ => Err(ApiError::bad_request(format!(
            "Invalid input for query parameters {name}. Value: {text}. '{text}' is not a boolean"
        ))),
    }
}
