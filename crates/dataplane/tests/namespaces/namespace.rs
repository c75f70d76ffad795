//! Every test here makes and removes namespaces of its own, and only these.

mod dhcp;
mod guest;
mod lab;
mod lifecycle;
mod routing;
mod security;
mod state;
