//! Names of resource classes and traits: the standard ones, one a line of a data file (facts of `os-resource-classes` 1.1
//! and `os-traits` 3.6), and the pattern of custom ones.

use std::sync::LazyLock;

/// The resource classes that everybody knows, in upstream's order.
pub(crate) static STANDARD_CLASSES: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("../../data/resource-classes.txt").lines().collect());

/// The traits that everybody knows, in the order of the alphabet.
pub(crate) static STANDARD_TRAITS: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("../../data/traits.txt").lines().collect());

/// True for `CUSTOM_` and 1 to 248 capital letters, digits and underscores.
pub(crate) fn is_custom(name: &str) -> bool {
    let rest = name.strip_prefix("CUSTOM_").unwrap_or_default();
    (1..=248).contains(&rest.len())
        && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// What the name of a class or a trait looks like, in upstream's words.
pub(crate) const NAME: &str = "^[A-Z0-9_]+$";

/// True for anything that may be the name of a class or a trait.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    (1..=255).contains(&name.len()) && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_traits_are_sorted_and_wellformed() {
        assert!(STANDARD_TRAITS.is_sorted());
        assert!(STANDARD_TRAITS.iter().all(|name| is_name(name) && !is_custom(name)));
        assert!(STANDARD_TRAITS.contains(&"HW_CPU_X86_AVX2"));
        assert!(!STANDARD_TRAITS.contains(&"HW_CPU_X86_AVX9000"));
    }

    #[test]
    fn custom_names_have_a_prefix_and_capitals() {
        assert!(is_custom("CUSTOM_GPU_2"));
        for bad in ["CUSTOM_", "GPU", "CUSTOM_gpu", "CUSTOM_A B", "", "CUSTOM_\u{fc}"] {
            assert!(!is_custom(bad), "{bad}");
        }
        assert!(!is_custom(&format!("CUSTOM_{}", "A".repeat(249))));
        assert!(!is_name("vcpu"));
    }
}
