//! Query strings for providers and candidates. Source: `placement/util.py`, `placement/lib.py`.

use std::collections::BTreeSet;

use kogge_http::{Microversion, Pairs};
use kogge_ids::ProviderId;

use crate::error::Error;
use crate::microversion as since;
use crate::model::inventory::{MAX_INT, Resources};
use crate::model::request::Request;
use crate::service::selection::Question;

/// Which list is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// `/resource_providers`
    Providers,
    /// `/allocation_candidates`
    Candidates,
}

fn wrong(why: impl Into<String>) -> Error {
    Error::invalid(why)
}

/// Reads a query; parameters that the version does not have are refused.
pub(crate) fn question(pairs: &Pairs, asked: Asked, version: Microversion) -> Result<Question, Error> {
    for (name, value) in pairs.iter() {
        if name.contains('\0') || value.contains('\0') {
            return Err(wrong("A parameter contains the character NUL."));
        }
        known(name, asked, version)?;
        let repeatable = (name == "member_of" && version.has(since::MANY_MEMBER_OF))
            || (name == "required" && version.has(since::ANY_TRAITS))
            || name == "same_subtree";
        if !repeatable && pairs.all(name).count() > 1 {
            return Err(Error::DuplicateKey(name.to_owned()));
        }
    }
    let id = |name: &str| pairs.get(name).map(|text| uuid(name, text)).transpose();
    let mut question = Question {
        name: pairs.get("name").map(str::to_owned),
        id: id("uuid")?,
        in_tree: id("in_tree")?,
        ..Question::default()
    };
    if let Some(text) = pairs.get("resources") {
        question.request.resources = resources(text)?;
    } else if asked == Asked::Candidates {
        return Err(wrong("'resources' is a required property"));
    }
    for value in pairs.all("member_of") {
        member_of(&mut question, value, version)?;
    }
    for value in pairs.all("required") {
        traits(&mut question.request, value, version)?;
    }
    if let Some(value) = pairs.get("root_required") {
        traits(&mut question.root, value, since::FORBIDDEN_TRAITS)?;
    }
    Ok(question)
}

/// How many candidates are wanted.
pub(crate) fn limit(pairs: &Pairs) -> Result<usize, Error> {
    let Some(text) = pairs.get("limit") else { return Ok(usize::MAX) };
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let limit = text.parse().ok().filter(|limit| digits && *limit > 0);
    limit.ok_or_else(|| {
        wrong(format!("Invalid query string parameters: '{text}' of limit is no number from 1"))
    })
}

fn known(name: &str, asked: Asked, version: Microversion) -> Result<(), Error> {
    let first = match (asked, name) {
        (Asked::Providers, "name" | "uuid") => return Ok(()),
        (Asked::Providers, "member_of") => since::MEMBER_OF,
        (Asked::Providers, "resources") => since::BY_RESOURCES,
        (Asked::Providers, "in_tree") => since::TREES,
        (Asked::Providers, "required") => since::BY_TRAITS,
        (Asked::Candidates, "resources") => since::CANDIDATES,
        (Asked::Candidates, "limit") => since::CANDIDATES_LIMIT,
        (Asked::Candidates, "required") => since::CANDIDATES_REQUIRED,
        (Asked::Candidates, "member_of") => since::CANDIDATES_MEMBER_OF,
        (Asked::Candidates, "group_policy") => since::GROUPS,
        (Asked::Candidates, "in_tree") => since::CANDIDATES_IN_TREE,
        (Asked::Candidates, "root_required") => since::ROOT_REQUIRED,
        (Asked::Candidates, other) if version.has(since::GROUPS) && is_group(other) => {
            let message =
                format!("The parameter {other} is of a request group; this cloud takes one unnamed group.");
            return Err(wrong(message));
        }
        _ => return Err(unexpected(name)),
    };
    if version.has(first) { Ok(()) } else { Err(unexpected(name)) }
}

fn is_group(name: &str) -> bool {
    ["resources", "required", "member_of", "in_tree", "same_subtree"]
        .iter()
        .any(|start| name.starts_with(start))
}

fn unexpected(name: &str) -> Error {
    let why = format!("Additional properties are not allowed ('{name}' was unexpected)");
    wrong(format!("Invalid query string parameters: {why}"))
}

fn uuid(name: &str, text: &str) -> Result<ProviderId, Error> {
    text.parse()
        .map_err(|_| wrong(format!("Invalid query string parameters: '{text}' of {name} is not a 'uuid'")))
}

fn resources(text: &str) -> Result<Resources, Error> {
    let form = "Badly formed resources parameter. Expected resources query string parameter in form: \
                ?resources=VCPU:2,MEMORY_MB:1024. Got:";
    if text.trim().is_empty() {
        return Err(wrong(format!("{form} empty string.")));
    }
    let one = |part: &str| {
        let pair = part.split_once(':').filter(|(_, amount)| !amount.contains(':'));
        let (class, amount) = pair.ok_or_else(|| wrong(format!("{form} {part}.")))?;
        let number: i64 = amount.trim().parse().map_err(|_| {
            wrong(format!("Requested resource {class} expected positive integer amount. Got: {amount}."))
        })?;
        if (1..=MAX_INT).contains(&number) {
            return Ok((class.to_owned(), number));
        }
        Err(wrong(format!("Requested resource {class} requires amount >= 1. Got: {number}.")))
    };
    text.split(',').map(one).collect()
}

/// `A,!B` or, since 1.39, `in:A,B`.
fn traits(request: &mut Request, value: &str, version: Microversion) -> Result<(), Error> {
    let refused = || {
        let form = "Expected a comma-separated list of trait names";
        wrong(format!("Invalid query string parameters: {form}. Got: \"{value}\"."))
    };
    if let Some(list) = value.strip_prefix("in:").filter(|_| version.has(since::ANY_TRAITS)) {
        let set: BTreeSet<String> = list.split(',').map(|name| name.trim().to_owned()).collect();
        if set.iter().any(|name| name.is_empty() || name.starts_with('!')) {
            return Err(refused());
        }
        request.any_of.push(set);
        return Ok(());
    }
    for name in value.split(',').map(str::trim) {
        let forbidden = name.strip_prefix('!').filter(|_| version.has(since::FORBIDDEN_TRAITS));
        let (set, name) = match forbidden {
            Some(name) => (&mut request.forbidden, name),
            None => (&mut request.required, name),
        };
        if name.is_empty() || name.starts_with('!') {
            return Err(refused());
        }
        set.insert(name.to_owned());
    }
    if request.required.is_disjoint(&request.forbidden) {
        return Ok(());
    }
    Err(wrong("The same trait is required and forbidden."))
}

/// `UUID`, `in:UUID,UUID`, `!UUID` or `!in:UUID,UUID`.
fn member_of(question: &mut Question, value: &str, version: Microversion) -> Result<(), Error> {
    let (forbidden, list) = match value.strip_prefix('!') {
        Some(rest) if version.has(since::FORBIDDEN_AGGREGATES) => (true, rest),
        Some(_) => {
            let message = "Forbidden member_of parameters are not supported in the specified microversion";
            return Err(wrong(message));
        }
        None => (false, value),
    };
    let ids: Vec<&str> = match list.strip_prefix("in:") {
        Some(list) => list.split(',').collect(),
        None => vec![list],
    };
    let set =
        ids.into_iter().map(|id| uuid("member_of", id).map(|id| id.to_string())).collect::<Result<_, _>>()?;
    if forbidden {
        question.not_member_of.extend::<BTreeSet<String>>(set);
    } else {
        question.member_of.push(set);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kogge_http::mv;
    use proptest::prelude::*;

    fn read(text: &str, asked: Asked, minor: u16) -> Option<Question> {
        question(&Pairs::parse(text), asked, mv(1, minor)).ok()
    }

    #[test]
    fn a_parameter_needs_its_version() {
        for (text, asked, first) in [
            ("member_of=11111111-2222-4333-8444-555555555555", Asked::Providers, 3),
            ("resources=VCPU:1", Asked::Providers, 4),
            ("in_tree=11111111-2222-4333-8444-555555555555", Asked::Providers, 14),
            ("required=HW_CPU_X86_AVX", Asked::Providers, 18),
            ("required=!HW_CPU_X86_AVX", Asked::Providers, 22),
            ("required=in:HW_CPU_X86_AVX,HW_CPU_X86_AVX2", Asked::Providers, 39),
            ("resources=VCPU:1&limit=2", Asked::Candidates, 16),
            ("resources=VCPU:1&required=HW_CPU_X86_AVX", Asked::Candidates, 17),
            ("resources=VCPU:1&root_required=HW_CPU_X86_AVX", Asked::Candidates, 35),
        ] {
            assert!(read(text, asked, first).is_some(), "{text}");
            // without in:, a list of strange names is a list of names
            if first != 39 {
                assert!(read(text, asked, first - 1).is_none(), "{text}");
            }
        }
    }

    #[test]
    fn malformed_queries_are_refused() {
        for text in [
            "color=red",
            "resources=",
            "resources=VCPU",
            "resources=VCPU:0",
            "resources=VCPU:-1",
            "resources=VCPU:x",
            "resources=VCPU:1:2",
            "uuid=x",
            "in_tree=x",
            "member_of=x",
            "member_of=in:",
            "required=",
            "required=A,",
            "required=!",
            "required=A,!A",
            "required=in:",
            "required=in:!A",
            "name=a&name=b",
            "name=%00",
        ] {
            assert_eq!(read(text, Asked::Providers, 39), None, "{text}");
        }
        for text in ["", "required=A", "resources1=VCPU:1", "resources=VCPU:1&resources_NET=VF:1"] {
            assert_eq!(read(text, Asked::Candidates, 39), None, "{text}");
        }
        assert!(limit(&Pairs::parse("limit=0")).is_err());
        assert!(limit(&Pairs::parse("limit=+5")).is_err());
        assert_eq!(limit(&Pairs::parse("limit=5")).unwrap(), 5);
    }

    proptest! {
        #[test]
        fn arbitrary_queries_never_panic(text in "[ -~]{0,40}", name in "resources|required|member_of|in_tree|limit") {
            let _ = read(&text, Asked::Providers, 39);
            let _ = read(&format!("{name}={text}"), Asked::Candidates, 39);
        }
    }
}
