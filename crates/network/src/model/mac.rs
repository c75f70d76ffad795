//! MAC addresses for new ports.

/// A random address below `fa:16:3e`, as upstream's base MAC.
#[must_use]
pub fn random() -> String {
    let [a, b, c] = rand::random::<[u8; 3]>();
    format!("fa:16:3e:{a:02x}:{b:02x}:{c:02x}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_new_mac_has_the_base_and_differs_from_the_next() {
        let macs: std::collections::HashSet<String> = (0..50).map(|_| super::random()).collect();
        assert!(macs.len() > 45);
        assert!(macs.iter().all(|mac| mac.starts_with("fa:16:3e:") && mac.len() == 17));
    }
}
