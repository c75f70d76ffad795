//! A whole hypervisor in memory, with faults and delays on demand.
