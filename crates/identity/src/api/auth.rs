//! `/v3/auth`: tokens, and what a token may be exchanged for.

pub(super) mod scopes;
pub(super) mod tokens;
