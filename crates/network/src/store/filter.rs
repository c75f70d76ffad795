//! What rows are asked for with: the words of lists, and a database or a transaction.

pub use kogge_db::ListQuery;
pub(crate) use kogge_db::Source;
