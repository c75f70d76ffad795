//! Linux data plane of a node: bridges, taps, security groups, routers, floating IPs, DHCP and metadata.
//!
//! One network namespace per node holds a bridge per network; every network with DHCP and every router has a
//! namespace of its own beside it, and an external network leads to the host over a veth pair:
//!
//! ```text
//!                    node namespace                          router namespace
//!  QEMU ── tap… ──┐                                ┌── qr-… 10.0.0.1     qg-… 172.24.4.10 ──┐
//!                 ├── br7 ── rp-… ─────────────────┘                                        │
//!  QEMU ── tap… ──┘    └──── dp7 ── dh7  10.0.0.2, 169.254.169.254  network namespace       │
//!                                                                                           │
//!  host: kgx… 172.24.4.1 ──── up8 ── br8 ── rp-… ───────────────────────────────────────────┘
//! ```
//!
//! [`Dataplane::apply`] makes all of it from a [`DesiredNetworking`](kogge_node_api::DesiredNetworking): plans are
//! pure functions of the desired state (`plan`, `firewall`, `dhcp`, `metadata`), and only `system` and `servers`
//! touch the machine. Namespaces, bridges and running guests' taps outlive this process and are found again by name.

mod config;
mod dataplane;
mod dhcp;
mod firewall;
mod flows;
mod layout;
mod mac;
mod metadata;
mod names;
mod plan;
mod seldom;
mod servers;
mod system;
#[cfg(test)]
mod testing;

pub use config::{DataplaneConfig, HostSide, MetadataSource, SetPassword};
pub use dataplane::Dataplane;
pub use dhcp::DhcpAnswers;
pub use metadata::documents;
