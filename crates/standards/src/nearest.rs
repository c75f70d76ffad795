//! Which known names look like one that is not known.

/// The longest text that is compared, in characters: comparing costs the product of both lengths.
const LONGEST: usize = 64;

/// The shortest text that is looked for inside of names.
const SHORTEST_PART: usize = 3;

/// The known names that may have been meant, the nearest first; none if nothing looks like it.
///
/// A name may be meant by a part of it, or by one with a slip in every four characters at most; what follows it in the name
/// may be missing.
#[must_use]
pub fn nearest(asked: &str, known: impl IntoIterator<Item = String>) -> Vec<String> {
    let asked: Vec<char> = asked.trim().to_lowercase().chars().take(LONGEST).collect();
    let text: String = asked.iter().collect();
    let distance = |name: &str| {
        let name: Vec<char> = name.to_lowercase().chars().collect();
        if asked.len() >= SHORTEST_PART && name.iter().collect::<String>().contains(&text) {
            return 0;
        }
        let whole = strsim::generic_damerau_levenshtein(&asked, &name);
        let begin = strsim::generic_damerau_levenshtein(&asked, &name[..name.len().min(asked.len())]);
        1 + whole.min(begin + usize::from(name.len() > asked.len()))
    };
    let mut near: Vec<(usize, String)> = known.into_iter().map(|name| (distance(&name), name)).collect();
    near.retain(|(distance, _)| *distance <= 1 + asked.len() / 4);
    near.sort_by_key(|(distance, _)| *distance);
    near.into_iter().map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(asked: &str) -> Vec<String> {
        let known =
            ["scs-0100-v1", "scs-0103-flavor-4v-16", "scs-0102-image-recency", "scs-compatible-iaas@v5.1"];
        nearest(asked, known.map(str::to_owned))
    }

    #[test]
    fn slips_and_parts_find_a_name() {
        assert_eq!(of("scs-0103-flavor-4v-61"), ["scs-0103-flavor-4v-16"]);
        assert_eq!(of("SCS-0102-image-recancy"), ["scs-0102-image-recency"]);
        assert_eq!(of("recency"), ["scs-0102-image-recency"]);
        assert_eq!(of("scs-0130")[0], "scs-0100-v1");
        assert_eq!(of("scs-compatible-iaas@v51"), ["scs-compatible-iaas@v5.1"]);
    }

    #[test]
    fn nonsense_finds_nothing() {
        for asked in ["foo", "", "x", "abc", "kubernetes", "scs-9999-v7", &"x".repeat(1_000_000)] {
            assert_eq!(of(asked), Vec::<String>::new(), "{asked:.20}");
        }
    }
}
