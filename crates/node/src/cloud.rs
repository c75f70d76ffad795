//! Which cloud a node and its instances belong to.
//!
//! A node that was given another cloud's database, or a database another cloud's directory, must not touch what it does
//! not know. So the directory and each record bear the id of their cloud. What bears none is from a version before, and
//! is marked the first time.

use std::path::Path;

use kogge_ids::CloudId;
use kogge_node_api::NodeError;

use crate::layout::{Layout, replace_file};
use crate::quarantine::server_of;
use crate::record::Record;

/// Makes sure that the directory belongs to `cloud`; an unmarked one does from now on.
pub(crate) fn claim(layout: &Layout, cloud: CloudId) -> Result<(), NodeError> {
    let path = layout.cloud_id();
    let failed = |error: std::io::Error| {
        NodeError::failed(&format!("reading the node's cloud id {}", path.display()), error)
    };
    match read(&path).map_err(failed)? {
        None => write(&path, cloud).map_err(failed),
        Some(own) if own == cloud => Ok(()),
        Some(other) => Err(NodeError::Refused {
            because: format!(
                "the node's directory {} belongs to cloud {other}, not to {cloud}: put the right database or directory \
                 back; if they shall belong together from now on, start with `kogge up --adopt-database`",
                layout.root().display()
            ),
        }),
    }
}

/// Lets the data directory of a node, with all instances in it, belong to `cloud` from now on. Instances whose record
/// cannot be read stay as they are. To be called while no agent runs; may be repeated.
///
/// # Errors
/// Those of the file system.
pub fn adopt(data_dir: &Path, cloud: CloudId) -> std::io::Result<()> {
    let instances = match std::fs::read_dir(data_dir.join("instances")) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in instances {
        let dir = entry?.path();
        if server_of(&dir).is_none() {
            continue;
        }
        if let Ok(mut record) = Record::load(&dir)
            && record.cloud != Some(cloud)
        {
            record.cloud = Some(cloud);
            record.save(&dir).map_err(std::io::Error::other)?;
        }
    }
    // last: until it is written, the directory is refused, and this is done again
    write(&data_dir.join("cloud-id"), cloud)
}

fn read(path: &Path) -> std::io::Result<Option<CloudId>> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        Ok(text) => match text.trim().parse() {
            Ok(id) => Ok(Some(id)),
            Err(error) => Err(std::io::Error::new(std::io::ErrorKind::InvalidData, error)),
        },
    }
}

fn write(path: &Path, cloud: CloudId) -> std::io::Result<()> {
    replace_file(path, format!("{cloud}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::testing::record;

    #[test]
    fn a_directory_belongs_to_the_first_cloud_until_it_is_adopted() {
        let data = tempfile::tempdir().unwrap();
        let layout = Layout::open(data.path()).unwrap();
        let (mine, other) = (CloudId::random(), CloudId::random());
        let mut instance = record();
        instance.cloud = Some(mine);
        let dir = layout.instance(instance.desired.id);
        layout.make_instance(instance.desired.id).unwrap();
        instance.save(&dir).unwrap();
        claim(&layout, mine).unwrap();
        claim(&layout, mine).unwrap();
        let refused = claim(&layout, other).unwrap_err();
        let text = refused.to_string();
        assert!(
            refused.is_final() && text.contains(&mine.to_string()) && text.contains("--adopt-database"),
            "{text}"
        );
        adopt(data.path(), other).unwrap();
        claim(&layout, other).unwrap();
        assert_eq!(Record::load(&dir).unwrap().cloud, Some(other));
        assert!(claim(&layout, mine).is_err());
    }

    #[test]
    fn an_id_that_cannot_be_read_is_an_error_not_a_fresh_start() {
        let data = tempfile::tempdir().unwrap();
        let layout = Layout::open(data.path()).unwrap();
        std::fs::write(layout.cloud_id(), "half").unwrap();
        assert!(claim(&layout, CloudId::random()).is_err());
        assert_eq!(std::fs::read_to_string(layout.cloud_id()).unwrap(), "half");
    }
}
