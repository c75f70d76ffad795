//! Finding testcases by what somebody typed.

use kogge_standards::nearest;

use super::{Explanation, explanations};

/// How many ids are proposed.
const PROPOSED: usize = 3;

/// Nothing begins with what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no test case is called {asked:?}, nor begins so; {}", proposal(nearest))]
pub struct NoSuchTestcase {
    /// What was asked for.
    pub asked: String,
    /// The ids that look like it, the best first; none if nothing does.
    pub nearest: Vec<String>,
}

fn proposal(nearest: &[String]) -> String {
    match nearest {
        [] => "`kogge check list` shows those of a version, with --all every one".to_owned(),
        [one] => format!("did you mean {one}?"),
        several => format!("near are {}", several.join(", ")),
    }
}

/// Explains the testcase of this id, else all whose id begins so.
///
/// # Errors
/// [`NoSuchTestcase`] with the nearest ids.
pub fn explain_all(asked: &str) -> Result<Vec<Explanation>, NoSuchTestcase> {
    let mut known = explanations();
    if let Some(index) = known.iter().position(|e| e.description.id == asked) {
        return Ok(vec![known.swap_remove(index)]);
    }
    let ids: Vec<String> = known.iter().map(|e| e.description.id.clone()).collect();
    known.retain(|e| !asked.is_empty() && e.description.id.starts_with(asked));
    if known.is_empty() {
        let mut nearest = nearest(asked, ids);
        nearest.truncate(PROPOSED);
        return Err(NoSuchTestcase { asked: asked.chars().take(64).collect(), nearest });
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(asked: &str) -> Vec<String> {
        explain_all(asked).unwrap().into_iter().map(|e| e.description.id).collect()
    }

    #[test]
    fn an_id_names_one_and_a_beginning_several() {
        assert_eq!(ids("scs-0102-image-recency"), ["scs-0102-image-recency"]);
        assert_eq!(ids("scs-0100"), ["scs-0100-syntax-check", "scs-0100-semantics-check"]);
        assert_eq!(ids("scs-0103-flavor-1v-4"), ["scs-0103-flavor-1v-4"]);
        assert!(ids("scs-0103-flavor-1v").len() > 1);
        assert!(ids("advisory-0126").len() >= 2);
    }

    #[test]
    fn a_typing_error_gets_the_nearest_ids_and_nonsense_none() {
        assert_eq!(explain_all("scs-0102-image-recancy").unwrap_err().nearest[0], "scs-0102-image-recency");
        assert_eq!(explain_all("recency").unwrap_err().nearest, ["scs-0102-image-recency"]);
        for asked in ["foo", "", "x", "kubernetes", "scs-9999-nothing"] {
            let error = explain_all(asked).unwrap_err();
            assert!(error.nearest.is_empty(), "{error}");
            assert!(error.to_string().contains("kogge check list"), "{error}");
        }
    }

    #[test]
    fn a_long_text_is_neither_compared_nor_repeated() {
        let error = explain_all(&"x".repeat(1_000_000)).unwrap_err();
        assert!(error.to_string().len() < 300, "{error}");
    }
}
