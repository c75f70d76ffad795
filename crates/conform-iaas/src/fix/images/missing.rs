//! Missing standard images (SCS-0104): downloaded by the cloud from the vendor, if the operator wants that.

use std::collections::BTreeMap;

use kogge_conform::ObjectRef;
use kogge_standards::image_metadata::{offences, property_rules};
use kogge_standards::standard_images::{ImageSpec, builtin_specs};

use super::known::facts;
use crate::fix::action::{Action, NewImage};
use crate::fix::command::word;
use crate::fix::desk::{Desk, Draft};

/// How findings of missing images name what is wrong.
const LIST: &str = "image list";

/// What an image that we offer promises at the least; the operator may promise more with `--set`.
const DEFAULTS: [(&str, &str); 9] = [
    ("architecture", "x86_64"),
    ("hw_disk_bus", "scsi"),
    ("hw_scsi_model", "virtio-scsi"),
    ("hw_rng_model", "virtio"),
    ("hypervisor_type", "qemu"),
    ("replace_frequency", "never"),
    ("provided_until", "none"),
    ("uuid_validity", "none"),
    ("hotfix_hours", "0"),
];

/// Enough for the vendors' images, in GiB and MiB.
const MIN_DISK: u64 = 8;
const MIN_RAM: u64 = 512;

pub(super) fn plan(desk: &mut Desk<'_>) {
    if desk.inventory.images.is_err() {
        return;
    }
    for (suffix, spec) in builtin_specs() {
        let testcase = format!("scs-0104-image-{suffix}");
        if desk.wants(&testcase) && !is_there(desk, &spec) {
            one(desk, &testcase, suffix, &spec);
        }
    }
}

fn is_there(desk: &Desk<'_>, spec: &ImageSpec) -> bool {
    let named = |wanted: &dyn Fn(&str) -> bool| {
        desk.inventory.public_images().iter().filter_map(|image| image.name.as_deref()).any(wanted)
    };
    match &spec.name_scheme {
        None => named(&|name| name == spec.name),
        Some(scheme) => regex::Regex::new(&format!("^(?:{scheme})"))
            .is_ok_and(|pattern| named(&|name| pattern.is_match(name))),
    }
}

fn one(desk: &mut Desk<'_>, testcase: &str, suffix: &str, spec: &ImageSpec) {
    let prefix = spec.source.last().map(|source| source.as_ref()).unwrap_or_default();
    let date = desk.wishes.settings.image("image_build_date", &spec.name, "").map(str::to_owned);
    let chosen = desk.wishes.settings.image("image_source", &spec.name, "").map(str::to_owned);
    let set = word(&format!("{}:image_build_date=YYYY-MM-DD", spec.name));
    let words = match (desk.wishes.images, date, chosen.or_else(|| address(suffix, spec, None))) {
        (_, _, None) => {
            format!("upload a build from below {prefix}: its address differs from build to build")
        }
        (false, ..) => {
            format!(
                "upload a build from below {prefix}, or plan again with --images --set {set} to have the cloud download it"
            )
        }
        (true, None, _) => {
            format!("say which build the cloud is to download: --set {set}, a day that {prefix} shows")
        }
        (true, Some(date), Some(usual)) => {
            let uri = address(suffix, spec, Some(&date)).filter(|_| !is_chosen(desk, spec)).unwrap_or(usual);
            match import(desk, spec, uri) {
                Ok(new) => return change(desk, testcase, spec, new),
                Err(refused) => refused,
            }
        }
    };
    desk.say(testcase, LIST, words);
}

fn is_chosen(desk: &Desk<'_>, spec: &ImageSpec) -> bool {
    desk.wishes.settings.image("image_source", &spec.name, "").is_some()
}

/// Where the vendor keeps the file; Ubuntu keeps each day's build, Debian is asked for the newest.
fn address(suffix: &str, spec: &ImageSpec, date: Option<&str>) -> Option<String> {
    let (distribution, version) = suffix.split_once('-')?;
    match distribution {
        "ubuntu" => {
            let prefix = spec.source.last()?;
            let codename = prefix.trim_end_matches('/').rsplit('/').next()?;
            let folder = date
                .map_or_else(|| "current".to_owned(), |day| day.replace('-', "").chars().take(8).collect());
            Some(format!("{prefix}{folder}/{codename}-server-cloudimg-amd64.img"))
        }
        "debian" => Some(format!("{}latest/debian-{version}-genericcloud-amd64.qcow2", spec.source.first()?)),
        _ => None,
    }
}

/// The image as it would be, if it passes all property rules.
fn import(desk: &Desk<'_>, spec: &ImageSpec, uri: String) -> Result<NewImage, String> {
    if !spec.accepts_source(&uri) {
        return Err(format!("{uri:?} is no place that SCS-0104 accepts for {:?}", spec.name));
    }
    let set = |key: &str| desk.wishes.settings.image(key, &spec.name, "").map(str::to_owned);
    let mut properties: BTreeMap<String, String> =
        DEFAULTS.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    properties.extend(facts(spec).into_iter().map(|(key, value)| (key.to_owned(), value)));
    properties.insert("image_description".to_owned(), uri.clone());
    let figures = ["min_disk", "min_ram"];
    let given = property_rules().map(|(_, key)| key).filter(|key| !figures.contains(key));
    properties.extend(given.filter_map(|key| Some((key.to_owned(), set(key)?))));
    properties.insert("image_source".to_owned(), uri.clone());
    let figure = |key: &str, default| match set(key) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| format!("--set {key}={text}: not a whole number")),
    };
    let new = NewImage {
        name: spec.name.to_string(),
        uri,
        min_disk: figure("min_disk", MIN_DISK)?,
        min_ram: figure("min_ram", MIN_RAM)?,
        properties,
    };
    let registered = desk.inventory.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    match offences(&new.seen(registered), desk.inventory.now).next() {
        Some((testcase, property)) => Err(format!("the image would fail {testcase}: check --set {property}")),
        None => Ok(new),
    }
}

fn change(desk: &mut Desk<'_>, testcase: &str, spec: &ImageSpec, new: NewImage) {
    let after = format!("downloaded from {}, public", new.uri);
    desk.change(Draft {
        testcases: vec![testcase.to_owned()],
        object: ObjectRef { name: format!("image {:?}", spec.name), id: None },
        what: "the image".to_owned(),
        before: "no such image".to_owned(),
        after,
        why: "SCS-0104 names the image and where it may come from".to_owned(),
        caution: "the cloud fetches some hundred megabytes; compare the file's checksum with the vendor's afterwards",
        action: Action::ImportImage(new),
    });
}
