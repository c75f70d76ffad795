//! Records as released versions wrote them.
//!
//! | form | what was different                                                                            |
//! |------|-----------------------------------------------------------------------------------------------|
//! | 1    | `root` (an image by its file), `ephemeral_gib`, `swap_mib` and one `disk_bus` instead of `disks` |

use serde_json::{Map, Value, json};

/// Brings a record of an older form into the present one; false where it is none that is known.
pub(super) fn mend(record: &mut Value) -> bool {
    if record.get("form").and_then(Value::as_u64) != Some(1) {
        return false;
    }
    record["form"] = json!(super::FORM);
    match record.get_mut("desired").and_then(Value::as_object_mut) {
        Some(desired) => disks_of_form_1(desired).is_some(),
        None => false,
    }
}

fn disks_of_form_1(desired: &mut Map<String, Value>) -> Option<()> {
    let root = desired.remove("root")?;
    let bus = desired.remove("disk_bus")?;
    let number = |value: Option<Value>| value.and_then(|value| value.as_u64()).unwrap_or(0);
    let ephemeral = number(desired.remove("ephemeral_gib"));
    let swap = number(desired.remove("swap_mib"));
    // a file was named as long as the disk was to be made from it
    let made = root.get("source").or_else(|| root.get("path")).is_none_or(Value::is_null);
    let disk = |slot: &str, source: Value, size_mib: u64, boot: Option<u32>| json!({"slot": slot, "source": source, "size_mib": size_mib, "bus": bus, "boot": boot, "made": made});
    let image =
        json!({"kind": "image", "image": root.get("image")?, "digest": null, "format": root.get("format")?});
    let size = number(root.get("size_gib").cloned()).saturating_mul(1024);
    let mut disks = vec![disk("root", image, size, Some(1))];
    if ephemeral > 0 {
        disks.push(disk("ephemeral", json!({"kind": "blank"}), ephemeral.saturating_mul(1024), None));
    }
    if swap > 0 {
        disks.push(disk("swap", json!({"kind": "swap"}), swap, None));
    }
    desired.insert("disks".to_owned(), Value::Array(disks));
    Some(())
}

#[cfg(test)]
mod tests {
    use kogge_node_api::{DiskBus, DiskFormat, DiskSource};

    use crate::record::Record;

    fn load(text: &str) -> std::io::Result<Record> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("record.json"), text).unwrap();
        Record::load(dir.path())
    }

    /// A file as the released version wrote it.
    const RELEASED: &str = include_str!("../../tests/records/form-1.json");

    #[test]
    fn a_record_of_the_released_version_is_read_with_all_its_disks() {
        let record = load(RELEASED).unwrap();
        assert!(record.is_built() && record.reached == 3 && record.run.is_some());
        let seen: Vec<_> =
            record.desired.disks.iter().map(|disk| (disk.slot.as_str(), disk.size_mib, disk.boot)).collect();
        assert_eq!(seen, [("root", 20 * 1024, Some(1)), ("ephemeral", 10 * 1024, None), ("swap", 512, None)]);
        assert!(record.desired.disks.iter().all(|disk| disk.bus == DiskBus::Scsi && disk.made));
        let image = record.desired.image().unwrap();
        assert_eq!((image.format, image.digest.as_deref()), (DiskFormat::Qcow2, None));
        assert!(matches!(record.desired.disks[2].source, DiskSource::Swap));
        assert_eq!(record.disks.as_deref().unwrap(), ["root.qcow2", "ephemeral.qcow2", "swap.raw"]);
        // and written in the present form, it is the same
        let dir = tempfile::tempdir().unwrap();
        record.save(dir.path()).unwrap();
        assert_eq!(Record::load(dir.path()).unwrap(), record);
    }

    #[test]
    fn a_disk_that_was_to_be_made_from_a_file_still_is_to_be_made() {
        for key in ["source", "path"] {
            let text =
                RELEASED.replace("\"source\": null", &format!("\"{key}\": \"/var/lib/kogge/images/data/x\""));
            assert!(load(&text).unwrap().desired.disks.iter().all(|disk| !disk.made), "{key}");
        }
    }

    #[test]
    fn what_is_no_whole_record_of_form_1_is_an_error_not_a_guess() {
        for cut in ["\"root\"", "\"disk_bus\"", "\"desired\""] {
            assert!(load(&RELEASED.replacen(cut, "\"other\"", 1)).is_err(), "{cut}");
        }
        assert!(load(&RELEASED.replacen("\"form\": 1", "\"form\": 0", 1)).is_err());
    }
}
