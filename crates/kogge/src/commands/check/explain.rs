//! `kogge check explain`.

use kogge_conform_iaas::Explanation;

use crate::cli::Explain;
use crate::exit::{Exit, Failure};
use crate::output::show;

/// Says what there is to know about a test case.
pub(super) fn run(what: &Explain) -> Result<Exit, Failure> {
    let found = kogge_conform_iaas::explain(&what.id)
        .ok_or_else(|| Failure::Usage(format!("there is no test case `{}`", what.id)))?;
    show(what.output, &found, rendered)?;
    Ok(Exit::Pass)
}

fn rendered(found: &Explanation) -> String {
    let mut text = format!("{}\n  {}\n", found.description.id, found.description.title);
    let mut part = |name: &str, lines: &[&str]| {
        for line in lines {
            text.push_str(&format!("  {name}: {line}\n"));
        }
    };
    part("rule", &[found.rule]);
    part("judged", &[found.reading]);
    part("differs", found.differences);
    part("fix", found.fixes);
    part("see", &[&found.description.url]);
    text
}
