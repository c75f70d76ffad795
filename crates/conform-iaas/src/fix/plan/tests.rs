//! The planner as a whole.

use std::collections::BTreeSet;

use kogge_conform::Problem;

use super::Wishes;
use crate::fix::scene::{good, image, planned, set, volume_type, wish};
use crate::fix::{HeldImages, Inventory};

type Fault = fn(&mut Inventory);

/// Faults of every kind; some change what others are about.
const FAULTS: [Fault; 9] = [
    |cloud| cloud.flavors.as_mut().unwrap().retain(|flavor| flavor.seen.name != "SCS-1L-1"),
    |cloud| cloud.flavors.as_mut().unwrap()[3].seen.extra_specs = Some([].into()),
    |cloud| {
        let flavors = cloud.flavors.as_mut().unwrap();
        (flavors[5].seen.ram_mib, flavors[5].used) = (1, Some(false));
    },
    |cloud| {
        let flavors = cloud.flavors.as_mut().unwrap();
        let claim = ("scs:name-v2".to_owned(), "SCS-1L-1".to_owned());
        flavors.last_mut().unwrap().seen.extra_specs.as_mut().unwrap().extend([claim]);
    },
    |cloud| {
        let images = &mut cloud.images.as_mut().unwrap().public;
        images[0]
            .properties
            .retain(|key, _| !["os_version", "architecture", "uuid_validity"].contains(&key.as_str()));
        images[0].min_ram = None;
    },
    |cloud| cloud.images.as_mut().unwrap().public.push(image("Ubuntu 24.04 20260101")),
    |cloud| cloud.rules.as_mut().unwrap().as_mut().unwrap().retain(|rule| rule.seen.ethertype == "IPv4"),
    |cloud| {
        let rules = cloud.rules.as_mut().unwrap().as_mut().unwrap();
        rules
            .iter_mut()
            .for_each(|rule| rule.seen.used_in_non_default_sg = !rule.seen.used_in_non_default_sg);
    },
    |cloud| {
        cloud.volume_types =
            Ok(vec![volume_type("t", "[scs:replicated, encrypted]"), volume_type("u", "[scs:x]")])
    },
];

#[test]
fn any_mixture_of_faults_is_planned_away_or_advised_about() {
    let wishes = wish(&["scs-0100-", "scs-0102-", "scs-0103-", "scs-0114-", "scs-0115-"]);
    let everything = Wishes { replace_flavors: true, ..set(wishes, &["min_ram=512"]) };
    let few = |mixture: &usize| mixture.count_ones() <= 2 || mixture.count_ones() + 1 >= FAULTS.len() as u32;
    for mixture in (0..1_usize << FAULTS.len()).filter(few) {
        let mut cloud = good();
        let chosen = FAULTS.iter().enumerate().filter(|(number, _)| mixture & (1 << number) != 0);
        chosen.for_each(|(_, fault)| fault(&mut cloud));
        // `planned` holds the plan to its promises
        let plan = planned(&cloud, &everything);
        assert_eq!(plan.changes.is_empty(), mixture == 0, "{mixture:b}");
    }
}

#[test]
fn every_wanted_test_case_is_judged_or_named_as_not_looked_at() {
    let everything = wish(&["scs-"]);
    let plan = planned(&good(), &everything);
    let not: BTreeSet<&str> = plan.not_looked_at.iter().map(String::as_str).collect();
    let expected = [
        "scs-0101-entropy-avail",
        "scs-0101-fips-test",
        "scs-0116-permissions",
        "scs-0117-test-backup",
        "scs-0123-swift-s3",
    ];
    assert_eq!(not, expected.into());
}

#[test]
fn missing_services_are_advised_about() {
    let plan = planned(&good(), &wish(&["scs-0123-service-load-balancer"]));
    assert_eq!((plan.changes.len(), plan.advice.len()), (0, 1));
}

#[test]
fn community_images_are_mentioned_and_left_alone() {
    let images = HeldImages { community: 3, ..good().images.unwrap() };
    let plan = planned(&Inventory { images: Ok(images), ..good() }, &wish(&["scs-0102-"]));
    assert!(plan.changes.is_empty() && plan.notes[0].starts_with("3 community images"), "{plan:?}");
}

#[test]
fn what_could_not_be_read_is_advised_about_and_the_rest_is_planned() {
    let mut cloud = good();
    cloud.flavors.as_mut().unwrap().remove(0);
    let down = || Problem::cloud("answered 503");
    let cloud = Inventory { images: Err(down()), rules: Err(down()), volume_types: Err(down()), ..cloud };
    let plan = planned(&cloud, &wish(&["scs-0102-", "scs-0103-", "scs-0104-", "scs-0114-", "scs-0115-"]));
    assert_eq!(plan.changes.len(), 1);
    assert!(plan.advice.iter().all(|advice| advice.found == "answered 503"), "{:?}", plan.advice);
}

#[test]
fn no_wish_no_plan() {
    let plan = planned(&Inventory::empty(good().now), &Wishes::default());
    assert_eq!((plan.changes, plan.advice, plan.not_looked_at), (vec![], vec![], vec![]));
}
