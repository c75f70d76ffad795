//! How many of everything one request or provider may have: enough for any real host, and no more.

/// Inventories of a provider, and amounts of one allocation or question.
pub(crate) const CLASSES: usize = 256;
/// Traits of a provider; the standard ones are some 370.
pub(crate) const TRAITS: usize = 1024;
/// Aggregates of a provider, and of a question.
pub(crate) const AGGREGATES: usize = 256;
/// Providers of which one consumer holds something.
pub(crate) const PROVIDERS: usize = 64;
/// Consumers or providers of one request.
pub(crate) const AT_ONCE: usize = 1000;
/// Custom names of a kind.
pub(crate) const CUSTOM_NAMES: i64 = 10_000;
/// Candidates of an answer, where no smaller limit was asked for.
pub(crate) const CANDIDATES: usize = 1000;
