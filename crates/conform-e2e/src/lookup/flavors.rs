//! The flavors to start servers with and to resize to: the smallest two that the image fits on.
//!
//! Facts: compute refuses to start an image with a flavor without disk unless the cloud's policy allows it
//! (`zero_disk_flavor`), to resize to a smaller disk, and to resize to the same flavor. The mandatory flavors of SCS-0103
//! have no disk.

use kogge_client::Client;
use kogge_conform::Problem;
use serde_json::Value;

use super::images::Image;
use super::{Facts, Wishes, text};

/// A flavor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flavor {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Memory in MiB.
    pub ram_mib: u64,
    /// Processors.
    pub vcpus: u64,
    /// Disk in GiB; 0 is none.
    pub disk_gib: u64,
}

pub(super) async fn choose(client: &Client, wishes: &Wishes, facts: &mut Facts) -> Result<(), Problem> {
    let listed: Vec<Value> = client.list("compute", "flavors/detail", "flavors").collect().await?;
    facts.flavors = pick(&listed, facts.images.first(), wishes)?;
    facts.diskless_by_wish = wishes.flavor.is_some();
    note(facts);
    Ok(())
}

fn note(facts: &mut Facts) {
    let text = match facts.flavors.first() {
        None => "there is no flavor that the image fits on",
        Some(flavor) if flavor.disk_gib == 0 && !facts.diskless_by_wish => {
            "no flavor has a disk, so no server can start from an image; if the cloud allows it without, name a flavor \
             with --flavor"
        }
        Some(_) if facts.flavors.len() < 2 => "there is one flavor only, so resizing is not tested",
        Some(_) => return,
    };
    facts.notes.push(text.to_owned());
}

fn pick(listed: &[Value], image: Option<&Image>, wishes: &Wishes) -> Result<Vec<Flavor>, Problem> {
    let mut all: Vec<Flavor> = listed.iter().filter_map(read).collect();
    all.sort_by(|a, b| (a.disk_gib == 0, size(a)).cmp(&(b.disk_gib == 0, size(b))));
    let named = |wish: &str| {
        let found = all.iter().find(|flavor| flavor.name == wish || flavor.id == wish).cloned();
        found.ok_or_else(|| Problem::setup(format!("there is no flavor {wish:?}")))
    };
    let fits = |flavor: &&Flavor| {
        let (disk, ram) = image.map_or((0, 0), |image| (image.min_disk_gib, image.min_ram_mib));
        flavor.ram_mib >= ram && (flavor.disk_gib == 0 || flavor.disk_gib >= disk)
    };
    let first = match &wishes.flavor {
        Some(wish) => Some(named(wish)?),
        None => all.iter().find(fits).cloned(),
    };
    let Some(first) = first else { return Ok(Vec::new()) };
    let second = match &wishes.flavor_alt {
        Some(wish) => Some(named(wish)?),
        None => all.iter().filter(fits).find(|other| resizable(&first, other)).cloned(),
    };
    Ok([Some(first), second].into_iter().flatten().collect())
}

fn size(flavor: &Flavor) -> (u64, u64, u64, &str) {
    (flavor.ram_mib, flavor.vcpus, flavor.disk_gib, &flavor.name)
}

fn resizable(from: &Flavor, to: &Flavor) -> bool {
    to.id != from.id && to.disk_gib >= from.disk_gib && (to.disk_gib == 0) == (from.disk_gib == 0)
}

fn read(flavor: &Value) -> Option<Flavor> {
    let number = |key: &str| flavor.get(key).and_then(Value::as_u64);
    let flag = |key: &str| flavor.get(key).and_then(Value::as_bool);
    let private = flag("os-flavor-access:is_public") == Some(false);
    if private || flag("OS-FLV-DISABLED:disabled") == Some(true) {
        return None;
    }
    Some(Flavor {
        id: text(flavor, "id")?,
        name: text(flavor, "name")?,
        ram_mib: number("ram").filter(|ram| *ram > 0)?,
        vcpus: number("vcpus")?,
        disk_gib: number("disk")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn flavor(name: &str, ram: u64, disk: u64) -> Value {
        json!({"id": format!("id-{name}"), "name": name, "ram": ram, "vcpus": 1, "disk": disk})
    }

    fn names(listed: &[Value], image: Option<&Image>, wishes: &Wishes) -> Vec<String> {
        pick(listed, image, wishes).unwrap().into_iter().map(|flavor| flavor.name).collect()
    }

    #[test]
    fn the_smallest_with_a_disk_comes_before_any_without() {
        let listed = [flavor("1V-4", 4096, 0), flavor("2V-8-20", 8192, 20), flavor("1L-1-5", 1024, 5)];
        assert_eq!(names(&listed, None, &Wishes::default()), ["1L-1-5", "2V-8-20"]);
    }

    #[test]
    fn the_image_must_fit_and_the_second_must_not_have_less_disk() {
        let image = Image { min_disk_gib: 8, min_ram_mib: 512, ..Image::default() };
        let listed = [
            flavor("a", 256, 50),
            flavor("b", 512, 5),
            flavor("c", 1024, 20),
            flavor("d", 2048, 10),
            flavor("e", 4096, 20),
        ];
        assert_eq!(names(&listed, Some(&image), &Wishes::default()), ["c", "e"]);
    }

    #[test]
    fn without_any_disk_the_diskless_are_named_and_it_is_noted() {
        let listed = [flavor("1V-4", 4096, 0), flavor("2V-8", 8192, 0)];
        let mut facts =
            Facts { flavors: pick(&listed, None, &Wishes::default()).unwrap(), ..Facts::default() };
        note(&mut facts);
        assert_eq!(facts.flavors.len(), 2);
        assert!(!facts.bootable() && facts.notes[0].contains("--flavor"), "{:?}", facts.notes);
        facts.diskless_by_wish = true;
        assert!(facts.bootable());
    }

    #[test]
    fn one_flavor_alone_is_noted() {
        let listed = [flavor("a", 1, 1), json!({"id": "b", "name": "b", "ram": 1, "vcpus": 1, "disk": 0})];
        let mut facts =
            Facts { flavors: pick(&listed, None, &Wishes::default()).unwrap(), ..Facts::default() };
        note(&mut facts);
        assert!(facts.flavors.len() == 1 && facts.notes[0].contains("resizing"));
    }

    #[test]
    fn a_wish_is_kept_and_a_wrong_one_told() {
        let listed = [flavor("a", 1, 1), flavor("b", 2, 1), flavor("c", 3, 0)];
        let wish = |flavor: &str, alt: Option<&str>| Wishes {
            flavor: Some(flavor.to_owned()),
            flavor_alt: alt.map(str::to_owned),
            ..Wishes::default()
        };
        assert_eq!(names(&listed, None, &wish("b", Some("id-a"))), ["b", "a"]);
        assert_eq!(names(&listed, None, &wish("c", None)), ["c"]);
        assert!(pick(&listed, None, &wish("x", None)).unwrap_err().text().contains("\"x\""));
    }

    #[test]
    fn hostile_flavors_are_left_aside() {
        let good = flavor("a", 1, 1);
        for (key, value) in [
            ("id", json!("x\n[auth]")),
            ("name", json!(7)),
            ("ram", json!("1")),
            ("ram", json!(0)),
            ("ram", json!(-5)),
            ("disk", json!(null)),
            ("vcpus", json!(1.5)),
            ("os-flavor-access:is_public", json!(false)),
            ("OS-FLV-DISABLED:disabled", json!(true)),
        ] {
            let mut bad = good.clone();
            bad[key] = value;
            assert_eq!(names(&[bad], None, &Wishes::default()), Vec::<String>::new(), "{key}");
        }
        assert_eq!(names(&[json!([]), json!(null)], None, &Wishes::default()), Vec::<String>::new());
    }
}
