//! Ids of seeded things, derived from their names.

use kogge_ids::derive;

/// The name space of seeded things. Never changes: ids in existing clouds come from it.
const SPACE: u128 = 0x6b6f_6767_652d_4964_8656_7374_6974_7901;

/// 32 hex digits, always the same for the same kind and name.
pub(super) fn id_of(kind: &str, name: &str) -> String {
    derive(uuid::Uuid::from_u128(SPACE), &format!("{kind}/{name}")).simple().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_stable_and_differ_by_kind() {
        assert_eq!(id_of("role", "admin"), id_of("role", "admin"));
        assert_ne!(id_of("role", "admin"), id_of("user", "admin"));
        assert_eq!(id_of("role", "admin").len(), 32);
    }
}
