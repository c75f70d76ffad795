//! What extra specs of flavors and volume types want of a value. Sources: `oslo_utils/specs_matcher.py`,
//! `cinder/scheduler/filters/extra_specs_ops.py`.

/// Whether a value is what is wanted: the same text, or what an operator of Nova's says.
#[must_use]
pub fn holds(value: &str, wanted: &str) -> bool {
    let mut words = wanted.split_whitespace();
    let (Some(operator), rest) = (words.next(), words.collect::<Vec<&str>>()) else { return value == wanted };
    let first = rest.first().copied();
    let numbers = || Some((value.parse::<f64>().ok()?, first?.parse::<f64>().ok()?));
    let compared = |holds: fn(f64, f64) -> bool| numbers().is_some_and(|(ours, theirs)| holds(ours, theirs));
    let texts = |holds: fn(&str, &str) -> bool| first.is_some_and(|theirs| holds(value, theirs));
    match operator {
        "=" | ">=" => compared(|ours, theirs| ours >= theirs),
        "<=" => compared(|ours, theirs| ours <= theirs),
        "==" => compared(|ours, theirs| ours.total_cmp(&theirs).is_eq()),
        "!=" => compared(|ours, theirs| ours.total_cmp(&theirs).is_ne()),
        "<in>" => texts(|ours, theirs| ours.contains(theirs)),
        "<all-in>" => !rest.is_empty() && rest.iter().all(|one| value.contains(one)),
        "<or>" => rest.iter().step_by(2).any(|one| *one == value),
        "<is>" => first.is_some_and(|theirs| is_true(value) == is_true(theirs)),
        "s==" => texts(|ours, theirs| ours == theirs),
        "s!=" => texts(|ours, theirs| ours != theirs),
        "s<" => texts(|ours, theirs| ours < theirs),
        "s<=" => texts(|ours, theirs| ours <= theirs),
        "s>" => texts(|ours, theirs| ours > theirs),
        "s>=" => texts(|ours, theirs| ours >= theirs),
        _ => value == wanted,
    }
}

/// Words that oslo.utils takes for yes.
fn is_true(word: &str) -> bool {
    ["1", "t", "true", "on", "y", "yes"].iter().any(|yes| word.eq_ignore_ascii_case(yes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_compare_numbers_and_texts() {
        for (value, wanted, expected) in [
            ("4", "= 3", true),
            ("4", ">= 5", false),
            ("4", "== 4.0", true),
            ("x", "== 4", false),
            ("b", "<or> a <or> b", true),
            ("c", "<or> a <or> b", false),
            ("a1b2", "<all-in> a1 b2", true),
            ("a1", "<all-in> a1 b2", false),
            ("abc", "<in> bc", true),
            ("b", "s>= a", true),
            ("True", "<is> True", true),
            ("True", "<is> yes", true),
            ("False", "<is> True", false),
            ("False", "<is> False", true),
            ("True", "<is>", false),
            ("", "", true),
            ("x", "s==", false),
        ] {
            assert_eq!(holds(value, wanted), expected, "{value} {wanted}");
        }
    }
}
