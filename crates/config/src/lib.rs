//! The configuration file: every key with a default, unknown keys refused.
