//! Overdue images (SCS-0102): a new build is the operator's work; only their promise can be set right here.

use kogge_standards::image_metadata::{RECENCY, SeenImage, judge_0102};
use kogge_standards::{Severity, Verdict};

use super::{draft, name, set_property};
use crate::fix::command::word;
use crate::fix::desk::Desk;

const PROMISE: &str = "provided_until";

/// Sets the end of provision that the operator names for an overdue image, if that is what helps.
pub(super) fn plan(desk: &mut Desk<'_>) {
    let images = desk.inventory.public_images();
    let judged = judge_0102(images, desk.inventory.now).into_iter().find(|j| j.testcase == RECENCY);
    let Some(judged) = judged.filter(|j| desk.wants(RECENCY) && j.verdict != Verdict::Pass) else { return };
    let weighty = |f: &&kogge_standards::Finding| f.severity >= Severity::Violation;
    for finding in judged.findings.iter().filter(weighty) {
        let found =
            desk.inventory.public_images().iter().find(|image| name(image) == finding.object).cloned();
        if let Some(image) = found {
            one(desk, &image, &finding.fix);
        }
    }
}

fn one(desk: &mut Desk<'_>, image: &SeenImage, usual: &str) {
    let named = image.name.as_deref().unwrap_or(&image.id);
    let Some(value) = desk.wishes.settings.image(PROMISE, named, &image.id).map(str::to_owned) else {
        let set = word(&format!("{named}:{PROMISE}=none"));
        return desk.say(RECENCY, &name(image), format!("{usual}; the latter with --set {set}"));
    };
    let mut mended = image.clone();
    set_property(&mut mended, PROMISE, &value);
    let judged = judge_0102(&[mended], desk.inventory.now);
    if judged.iter().any(|j| j.testcase == RECENCY && j.verdict == Verdict::Pass) {
        desk.change(draft(image, RECENCY, PROMISE, value, "given with --set".to_owned()));
    }
}
