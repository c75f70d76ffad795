//! Data of images that the database does not know. No process is asked: they are files in the data directory.

use kogge_image::{Quarantine, Quarantined};

use super::{chosen, mib};
use crate::cli::{ImageRemoval, Where};
use crate::data_dir::DataDir;
use crate::exit::Failure;
use crate::output::{show, table};

/// All of them, oldest first.
///
/// # Errors
/// Where the data directory cannot be read.
pub fn listed(data: &DataDir) -> Result<Vec<Quarantined>, Failure> {
    place(data).list().map_err(|error| Failure::outside("reading the quarantine of images", error))
}

fn place(data: &DataDir) -> Quarantine {
    Quarantine::of(&data.join("images"))
}

pub(super) fn list(place: &Where) -> Result<(), Failure> {
    let kept = listed(&chosen(place)?)?;
    show(place.output, &kept, |kept| rendered(kept))
}

pub(super) fn remove(removal: &ImageRemoval) -> Result<(), Failure> {
    let quarantine = place(&chosen(&removal.place)?);
    let mut removed = Vec::new();
    for name in &removal.names {
        let done = quarantine.remove(name);
        if !done.map_err(|error| Failure::outside(&format!("removing {name}"), error))? {
            return Err(Failure::Outside(format!(
                "no data of this name are in quarantine: {name}; `kogge quarantine images` lists what is"
            )));
        }
        removed.push(name);
    }
    show(removal.place.output, &removed, |removed| format!("{} removed.", removed.len()))
}

fn rendered(kept: &[Quarantined]) -> String {
    if kept.is_empty() {
        return "No data of images are in quarantine.".to_owned();
    }
    let row = |one: &Quarantined| {
        vec![one.name.clone(), one.image.to_string(), one.since.to_string(), mib(one.size)]
    };
    table(&["name", "image", "since", "room"], kept.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Output;

    #[test]
    fn data_are_listed_and_removed_by_name_and_by_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::chosen(Some(dir.path())).unwrap();
        assert_eq!(rendered(&listed(&data).unwrap()), "No data of images are in quarantine.");
        let folder = data.join("images/quarantine");
        std::fs::create_dir_all(&folder).unwrap();
        let image = kogge_ids::ImageId::random();
        let name = format!("1800000000-{image}.{}", uuid::Uuid::new_v4().simple());
        std::fs::write(folder.join(&name), "x").unwrap();
        let kept = rendered(&listed(&data).unwrap());
        for part in [name.as_str(), &image.to_string(), "2027-01-15T08:00:00Z", "1 MiB"] {
            assert!(kept.contains(part), "{part}: {kept}");
        }
        let remove_one = |name: &str| {
            let place = Where { data: Some(dir.path().to_owned()), output: Output::Json };
            remove(&ImageRemoval { names: vec![name.to_owned()], place })
        };
        assert!(remove_one("../data/x").unwrap_err().to_string().contains("kogge quarantine images"));
        remove_one(&name).unwrap();
        assert!(listed(&data).unwrap().is_empty());
    }
}
