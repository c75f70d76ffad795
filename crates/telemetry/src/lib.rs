//! Logs, request metrics and the Prometheus page.
