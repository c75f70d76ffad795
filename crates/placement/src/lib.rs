//! Placement: resource providers, inventories, allocations.
