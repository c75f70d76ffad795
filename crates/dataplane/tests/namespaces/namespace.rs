//! Every test here makes and removes namespaces of its own, and only these.

mod dhcp;
mod lab;
mod lifecycle;
mod routing;
mod security;
mod state;
