//! Query strings: which parameters a list takes, and what becomes of others.

use kogge_db::{Page, SortKey};
use kogge_http::{ApiError, Microversion, PageRules, Pairs};

use super::{additional, repr};

/// Refuses parameters that are not in `known`, from microversion `strict` on.
///
/// # Errors
/// 400.
pub fn only(pairs: &Pairs, known: &[&str], v: Microversion, strict: Microversion) -> Result<(), ApiError> {
    if v.before(strict) {
        return Ok(());
    }
    let extra: Vec<&str> = pairs.iter().map(|(name, _)| name).filter(|name| !known.contains(name)).collect();
    if extra.is_empty() { Ok(()) } else { Err(ApiError::bad_request(additional(&extra))) }
}

/// The page that is asked for.
pub fn page(pairs: &Pairs, most: u32, keys: &'static [SortKey]) -> Result<Page, ApiError> {
    let rules = PageRules { max_limit: Some(most), default_limit: None, sort_keys: keys, strict_sort: false };
    kogge_http::page(pairs, &rules)
}

/// A whole number from 0, where it is given; beyond the largest `u64` is the largest.
pub fn natural(pairs: &Pairs, name: &str) -> Result<Option<u64>, ApiError> {
    let Some(text) = pairs.get(name) else { return Ok(None) };
    if text.is_empty() || !text.bytes().all(|digit| digit.is_ascii_digit()) {
        let value = repr(&text.into());
        let why = format!(
            "Invalid input for query parameters {name}. Value: {text}. {value} does not match '^[0-9]*$'"
        );
        return Err(ApiError::bad_request(why));
    }
    Ok(Some(text.parse().unwrap_or(u64::MAX)))
}

/// Nova's spellings of true and false in a query.
pub fn boolean(name: &str, text: &str) -> Result<bool, ApiError> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "t" | "true" | "on" | "y" | "yes" => Ok(true),
        "0" | "f" | "false" | "off" | "n" | "no" => Ok(false),
        _ => Err(ApiError::bad_request(format!(
            "Invalid input for query parameters {name}. Value: {text}. '{text}' is not a boolean"
        ))),
    }
}
