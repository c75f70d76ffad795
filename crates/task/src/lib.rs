//! Background tasks: period, wake-up, backoff, leases, visible status.
