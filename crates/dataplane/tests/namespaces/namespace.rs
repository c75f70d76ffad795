//! Every test here makes and removes namespaces of its own, and only these.

mod attacks;
mod dhcp;
mod frames;
mod guest;
mod lab;
mod lifecycle;
mod routing;
mod security;
mod state;
