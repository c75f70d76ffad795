//! Checks, their runner, their reports.
