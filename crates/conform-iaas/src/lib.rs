//! The checks of the scope SCS-compatible IaaS.
