//! `changes-since` and `changes-before`: lists of what changed in a time.

use kogge_clock::Timestamp;
use kogge_http::{Microversion, Pairs};

use crate::error::{Error, Result};
use crate::microversion as v;
use crate::store::changes::Changes;

/// What a query asks for; nothing in versions before `first`, where the list does not know these words.
pub(crate) fn changes(pairs: &Pairs, version: Microversion, first: Microversion) -> Result<Changes> {
    if version.before(first) {
        return Ok(Changes::default());
    }
    let moment = |name: &str| pairs.all(name).last().map(|value| moment(name, value)).transpose();
    let since = moment("changes-since")?;
    let before = if version.has(v::CHANGES_BEFORE) { moment("changes-before")? } else { None };
    if since.zip(before).is_some_and(|(since, before)| before < since) {
        let why = "The value of changes-since must be less than or equal to changes-before.";
        return Err(Error::Invalid(why.to_owned()));
    }
    Ok(Changes { since, before })
}

fn moment(name: &str, value: &str) -> Result<Timestamp> {
    value.parse().map_err(|_| {
        Error::Invalid(format!(
            "Invalid input for query parameters {name}. Value: {value}. '{value}' is not a 'date-time'"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_order_and_as_the_version_has_them() {
        let read = |query: &str, version| changes(&Pairs::parse(query), version, v::ACTION_PAGES);
        let (old, new) = (v::ACTION_PAGES, v::CHANGES_BEFORE);
        assert!(!read("", new).unwrap().is_asked());
        assert!(!read("changes-since=x", v::MINIMUM).unwrap().is_asked());
        assert!(read("changes-since=2011-01-01T12:34:00Z", old).unwrap().is_asked());
        assert!(!read("changes-before=2011/01/01", old).unwrap().is_asked());
        let bad = read("changes-before=2011/01/01", new).unwrap_err().to_string();
        assert!(bad.ends_with("'2011/01/01' is not a 'date-time'"), "{bad}");
        let turned = "changes-since=2012-01-01T00:00:00Z&changes-before=2011-01-01T00:00:00Z";
        assert!(read(turned, new).is_err() && read(turned, old).is_ok());
    }
}
