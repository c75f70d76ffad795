//! Compute v2.1: servers, flavors, keypairs and what belongs to them.
