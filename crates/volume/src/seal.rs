//! Sealing what the database must not show: a copy of it alone opens nothing.

/// Seals texts with a key that lies outside the database.
pub trait Seal: Send + Sync {
    /// The text, sealed.
    fn seal(&self, clear: &str) -> String;

    /// The text of what this key sealed; nothing where it did not.
    fn open(&self, sealed: &str) -> Option<String>;
}
