//! Linux data plane: bridges, taps, namespaces, DHCP, metadata, nftables.
