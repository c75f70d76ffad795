//! What ids are ids of.

/// A kind of thing that has an id. Ids of different kinds are different types, so one cannot be passed for the other.
pub trait Kind: Copy + Eq + Ord + std::hash::Hash + std::fmt::Debug + Send + Sync + 'static {
    /// The name of the id's type, for people.
    const NAME: &'static str;
}

/// Declares kinds, and the ids of each: `ids! { uuid_kinds, UuidId: /// doc  ServerId; }`.
macro_rules! ids {
    ($kinds:ident, $family:ident: $($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            pub type $name = $crate::$family<$kinds::$name>;
        )*

        /// What the ids of this family are ids of.
        pub mod $kinds {
            $(
                $(#[$doc])*
                #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
                pub enum $name {}

                impl $crate::Kind for $name {
                    const NAME: &'static str = stringify!($name);
                }
            )*
        }
    };
}
pub(crate) use ids;
