//! Volume types of SCS-0114: aspects at the beginning of a type's description, `[scs:encrypted, replicated] …`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::image_metadata::is_blank;
use crate::verdict::{Finding, Judgement};

/// The aspects that the standard knows, in their order.
pub const ASPECTS: [&str; 2] = ["encrypted", "replicated"];

/// A volume type as a user of the cloud sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SeenVolumeType {
    /// Name.
    pub name: String,
    /// Description.
    pub description: Option<String>,
}

/// The aspects that a description claims. `None` without a claim: the text has to begin with `[scs:`, and no other
/// bracket may come before the closing one. Items are trimmed; an empty claim is an empty list.
pub fn aspects(description: &str) -> Option<Vec<&str>> {
    let (claim, _) = description.strip_prefix("[scs:")?.split_once(']')?;
    match claim {
        claim if claim.contains('[') => None,
        "" => Some(Vec::new()),
        claim => Some(claim.split(',').map(|item| item.trim_matches(is_blank)).collect()),
    }
}

/// The beginning of a description that claims these aspects; empty without any.
pub fn claim(encrypted: bool, replicated: bool) -> String {
    let claimed: Vec<_> =
        ASPECTS.into_iter().zip([encrypted, replicated]).filter(|(_, is)| *is).map(|(a, _)| a).collect();
    if claimed.is_empty() { String::new() } else { format!("[scs:{}]", claimed.join(", ")) }
}

/// Judges `scs-0114-syntax-check`, `scs-0114-encrypted-type` and `scs-0114-replicated-type`.
pub fn judge_0114(types: &[SeenVolumeType]) -> Vec<Judgement> {
    let claimed = |volume_type: &SeenVolumeType| {
        let list = volume_type.description.as_deref().and_then(aspects)?;
        Some(list.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    let syntax = types.iter().filter_map(|volume_type| faults(volume_type, &claimed(volume_type)?)).collect();
    let offered = |aspect: &str| {
        let found = types.iter().filter_map(claimed).any(|list| list.iter().any(|item| item == aspect));
        let finding =
            Finding::violation("volume types", format!("a type that is {aspect}"), "none claims to be")
                .fix(format!("begin the description of a type that is {aspect} with \"[scs:{aspect}]\""));
        if found { Vec::new() } else { vec![finding] }
    };
    vec![
        Judgement::from_findings("scs-0114-syntax-check", syntax),
        Judgement::from_findings("scs-0114-encrypted-type", offered("encrypted")),
        Judgement::from_findings("scs-0114-replicated-type", offered("replicated")),
    ]
}

fn faults(volume_type: &SeenVolumeType, list: &[String]) -> Option<Finding> {
    let unknown: Vec<_> = list.iter().filter(|item| !ASPECTS.contains(&item.as_str())).collect();
    let mut faults = Vec::new();
    if !list.is_sorted() {
        faults.push("not sorted".to_owned());
    }
    let distinct: BTreeSet<_> = list.iter().collect();
    if distinct.len() < list.len() {
        faults.push("an aspect twice".to_owned());
    }
    if !unknown.is_empty() {
        faults.push(format!("unknown aspects {unknown:?}"));
    }
    let right =
        claim(list.iter().any(|item| item == "encrypted"), list.iter().any(|item| item == "replicated"));
    (!faults.is_empty()).then(|| {
        Finding::violation(
            format!("volume type {:?}", volume_type.name),
            "aspects sorted, each once, only encrypted and replicated",
            faults.join(", "),
        )
        .fix(format!("begin the description with {right:?}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Verdict;

    fn verdicts(descriptions: &[&str]) -> [Verdict; 3] {
        let types: Vec<_> = descriptions
            .iter()
            .map(|text| SeenVolumeType { name: "t".to_owned(), description: Some((*text).to_owned()) })
            .collect();
        let judged = judge_0114(&types);
        [judged[0].verdict, judged[1].verdict, judged[2].verdict]
    }

    #[test]
    fn only_a_claim_at_the_very_beginning_counts() {
        assert_eq!(aspects("[scs:encrypted] fast"), Some(vec!["encrypted"]));
        assert_eq!(aspects("[scs: encrypted ,replicated]"), Some(vec!["encrypted", "replicated"]));
        assert_eq!(aspects("[scs:]"), Some(vec![]));
        assert_eq!(aspects("[scs:encrypted,]"), Some(vec!["encrypted", ""]));
        for text in [
            "",
            " [scs:encrypted]",
            "[SCS:encrypted]",
            "[scs:encrypted",
            "[scs:a[b]c]",
            "fast [scs:encrypted]",
        ] {
            assert_eq!(aspects(text), None, "{text:?}");
        }
    }

    #[test]
    fn well_formed_claims_pass() {
        use Verdict::{Fail, Pass};
        assert_eq!(verdicts(&[]), [Pass, Fail, Fail]);
        assert_eq!(verdicts(&["fast", "[scs:] x"]), [Pass, Fail, Fail]);
        assert_eq!(verdicts(&["[scs:encrypted, replicated] x"]), [Pass, Pass, Pass]);
        assert_eq!(verdicts(&["[scs:encrypted]", "[scs:replicated]"]), [Pass, Pass, Pass]);
    }

    #[test]
    fn a_faulty_claim_fails_the_syntax_check_and_still_counts_as_an_offer() {
        use Verdict::{Fail, Pass};
        assert_eq!(verdicts(&["[scs:replicated, encrypted]"]), [Fail, Pass, Pass]);
        assert_eq!(verdicts(&["[scs:encrypted, encrypted]"]), [Fail, Pass, Fail]);
        assert_eq!(verdicts(&["[scs:encrypted, ssd]"]), [Fail, Pass, Fail]);
        assert_eq!(verdicts(&["[scs:encrypted,]"]), [Fail, Pass, Fail]);
        assert_eq!(verdicts(&["[scs: ]"]), [Fail, Fail, Fail]);
    }

    #[test]
    fn the_advice_is_a_claim_that_passes() {
        let volume_type =
            SeenVolumeType { name: "t".to_owned(), description: Some("[scs:ssd, encrypted]".to_owned()) };
        let judged = judge_0114(&[volume_type]);
        assert!(judged[0].findings[0].fix.contains("[scs:encrypted]"));
        assert_eq!(verdicts(&[&claim(true, true)]), [Verdict::Pass; 3]);
        assert_eq!(claim(false, false), "");
    }

    #[test]
    fn a_missing_description_claims_nothing() {
        assert_eq!(judge_0114(&[SeenVolumeType::default()])[0].verdict, Verdict::Pass);
    }
}
