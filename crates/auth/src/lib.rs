//! Who calls, with which scope, and what the policy allows.
