//! A typed OpenStack client that shows raw answers.
