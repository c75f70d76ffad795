//! The node agent: one actor per instance, reconciled to its desired state.
