//! One binary: the cloud, the referee, the registry.
