//! DHCP: who gets which answer. Pure; the sockets are in [`crate::servers`].
//!
//! There are no dynamic leases: a known MAC gets its fixed address with everything it needs, anybody else silence.

mod exchange;
pub(crate) mod leases;
pub(crate) mod ra;
pub(crate) mod v4;
pub(crate) mod v6;

pub use exchange::DhcpAnswers;
