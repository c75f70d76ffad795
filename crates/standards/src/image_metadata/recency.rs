//! `scs-0102-image-recency`: is each image as young as its own promise says?
//!
//! ```text
//! promise kept, or none made ─▶ fine
//! overdue ─▶ past provided_until, or it is none/notice ─▶ fine
//!         ─▶ provided_until is not a date ─▶ bad
//!         ─▶ a fresh image under the name without its last word ─▶ fine (warned unless marked as retired)
//!         ─▶ none ─▶ bad
//! ```

use std::collections::BTreeMap;

use super::SeenImage;
use super::date::{self, is_blank};
use crate::verdict::{Finding, Judgement, Severity, Verdict};

/// Testcase: images are as recent as their `replace_frequency` claims.
pub const RECENCY: &str = "scs-0102-image-recency";

/// Each replacement frequency and its length in seconds; `None` promises nothing.
pub(super) const FREQUENCIES: [(&str, Option<u32>); 7] = [
    ("yearly", Some(365 * 86_400)),
    ("quarterly", Some(92 * 86_400)),
    ("monthly", Some(31 * 86_400)),
    ("weekly", Some(7 * 25 * 3600)),
    ("daily", Some(25 * 3600)),
    ("critical_bug", None),
    ("never", None),
];

/// How an image stands to its promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    Fine,
    /// Overdue, but hidden or marked by its name.
    Retired,
    /// Overdue without any mark.
    Overdue,
    /// Overdue, and `provided_until` cannot be read.
    Unreadable,
}

/// What is missing, so that upstream's test breaks off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Obstacle {
    CreationTime,
    ProvidedUntil,
    Name,
}

/// Judges the images, `now` in seconds since the epoch.
pub(super) fn judge(images: &[&SeenImage], now: f64) -> Judgement {
    let by_name: BTreeMap<Option<&str>, &SeenImage> =
        images.iter().map(|image| (image.name.as_deref(), *image)).collect();
    let mut findings = duplicates(images);
    let mut broken_off = !findings.is_empty() && findings.iter().any(|f| f.severity == Severity::Undecidable);
    let mut bad = false;
    for image in images {
        let judged = age(image, now).and_then(|age| finding(image, age, &by_name, now));
        match judged {
            Ok(found) => {
                bad |= found.as_ref().is_some_and(|finding| finding.severity == Severity::Violation);
                findings.extend(found);
            }
            Err(obstacle) => {
                broken_off = true;
                // the text makes provided_until a must
                bad |= obstacle == Obstacle::ProvidedUntil;
                findings.push(undecidable(image, obstacle));
            }
        }
    }
    let judgement = Judgement::from_findings(RECENCY, findings);
    if broken_off && bad { judgement.document_says(Verdict::Fail) } else { judgement }
}

#[expect(clippy::cast_precision_loss, reason = "upstream compares with a floating-point time as well")]
fn age(image: &SeenImage, now: f64) -> Result<Age, Obstacle> {
    let built = match image.property("image_build_date").and_then(date::property) {
        Some(seconds) => seconds,
        None => date::api(image.created_at.as_deref().ok_or(Obstacle::CreationTime)?).unwrap_or(0),
    };
    let frequency = image.property("replace_frequency").unwrap_or("never");
    let Some(period) =
        FREQUENCIES.iter().find(|(word, _)| *word == frequency).and_then(|(_, period)| *period)
    else {
        return Ok(Age::Fine);
    };
    if now <= built as f64 + 1.1 * f64::from(period) {
        return Ok(Age::Fine);
    }
    match image.property("provided_until").ok_or(Obstacle::ProvidedUntil)? {
        "none" | "notice" => Ok(Age::Fine),
        until => match date::property(until) {
            None => Ok(Age::Unreadable),
            Some(until) if now > until as f64 => Ok(Age::Fine),
            Some(_) => marked(image),
        },
    }
}

fn marked(image: &SeenImage) -> Result<Age, Obstacle> {
    if image.hidden {
        return Ok(Age::Retired);
    }
    let name = image.name.as_deref().ok_or(Obstacle::Name)?;
    let retired = name
        .rsplit_once(' ')
        .is_some_and(|(_, mark)| ["old", "prev"].contains(&mark) || date::is_stamp(mark));
    Ok(if retired { Age::Retired } else { Age::Overdue })
}

fn finding(
    image: &SeenImage,
    age: Age,
    by_name: &BTreeMap<Option<&str>, &SeenImage>,
    now: f64,
) -> Result<Option<Finding>, Obstacle> {
    let frequency = image.property("replace_frequency").unwrap_or_default();
    let expected = format!("an image replaced {frequency}");
    let until = image.property("provided_until").unwrap_or_default();
    match age {
        Age::Fine => Ok(None),
        Age::Unreadable => Ok(Some(
            Finding::violation(image.object(), "provided_until is a date, none or notice", format!("{until:?}"))
                .fix(format!("openstack image set --property provided_until=none {}", image.argument())),
        )),
        Age::Retired | Age::Overdue => match replacement(image, by_name, now)? {
            Some(fresh) if age == Age::Retired => Ok(Some(Finding::info(
                image.object(),
                expected,
                format!("an overdue image, properly replaced by {}", fresh.object()),
            ))),
            Some(fresh) => Ok(Some(Finding::warning(
                image.object(),
                expected,
                format!("an overdue image, neither hidden nor marked, replaced by {}", fresh.object()),
            ))),
            None => Ok(Some(
                Finding::violation(image.object(), expected, "an overdue image without a fresh replacement").fix(
                    "upload a new build under this name and append the build date to the name of the old one, \
                     or set provided_until to none",
                ),
            )),
        },
    }
}

/// The fresh image whose name is this name without its last word.
fn replacement<'a>(
    image: &SeenImage,
    by_name: &BTreeMap<Option<&str>, &'a SeenImage>,
    now: f64,
) -> Result<Option<&'a SeenImage>, Obstacle> {
    let name = image.name.as_deref().ok_or(Obstacle::Name)?;
    let shorter = name.rsplit_once(' ').map_or(name, |(before, _)| before).trim_end_matches(is_blank);
    if shorter == name {
        return Ok(None);
    }
    match by_name.get(&Some(shorter)) {
        Some(fresh) if age(fresh, now)? == Age::Fine => Ok(Some(fresh)),
        _ => Ok(None),
    }
}

/// Equal names: a warning, and an obstacle if the name is none at all.
fn duplicates(images: &[&SeenImage]) -> Vec<Finding> {
    let mut count: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for image in images {
        *count.entry(image.name.as_deref()).or_default() += 1;
    }
    let repeated = count.into_iter().filter(|(_, count)| *count > 1);
    repeated
        .map(|(name, count)| match name {
            Some(name) => Finding::warning(
                format!("image {name:?}"),
                "one image of this name",
                format!("{count} of them"),
            )
            .fix("rename the old ones; only the last one listed is seen"),
            None => Finding::undecidable(
                "images without a name",
                "at most one image without a name",
                count.to_string(),
            ),
        })
        .collect()
}

fn undecidable(image: &SeenImage, obstacle: Obstacle) -> Finding {
    let (expected, found, fix) = match obstacle {
        Obstacle::CreationTime => ("a build date or registration time", "neither", "set image_build_date"),
        Obstacle::ProvidedUntil => ("provided_until on an overdue image", "not set", "set provided_until"),
        Obstacle::Name => ("a name on an overdue image", "no name", "name the image"),
    };
    Finding::undecidable(image.object(), expected, found).fix(fix)
}
