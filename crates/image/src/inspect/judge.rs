//! What the uploader declared against what the bytes are.

use super::{Format, Found, Inspection};

/// The outcome for one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judgement {
    /// Name of the format that the bytes have.
    pub(crate) detected: &'static str,
    /// Size of the disk in bytes, where it is known and the declared format is the detected one.
    pub(crate) virtual_size: Option<u64>,
    /// Dangerous content: refused whatever the settings say.
    pub(crate) danger: Option<String>,
    /// The content is another format than the declared one: refused or only kept from booting, by setting.
    pub(crate) mismatch: Option<String>,
}

impl Judgement {
    /// The reason why no server may boot from the image.
    pub(crate) fn unfit(&self) -> Option<&str> {
        self.danger.as_deref().or(self.mismatch.as_deref())
    }
}

/// Formats of which glance knows the name but which nobody can recognize: kernels, ramdisks, ploop.
fn inspectable(declared: &str) -> bool {
    matches!(declared, "raw" | "qcow2" | "vmdk" | "vhd" | "vhdx" | "vdi" | "iso" | "luks" | "gpt" | "qed")
}

/// Compares the declared disk format with the bytes.
pub(crate) fn judge(declared: &str, inspection: &Inspection) -> Judgement {
    let relevant: Vec<&Found> = inspection.found.iter().filter(|one| matters(one, declared)).collect();
    let danger = relevant.iter().find_map(|one| one.dangers.first().cloned());
    let (detected, virtual_size) = match relevant.as_slice() {
        [] => ("raw", Some(inspection.length)),
        [one] => (one.format.name(), one.virtual_size),
        [first, ..] => match chosen(&relevant) {
            Some(one) => (one.format.name(), one.virtual_size),
            None => return ambiguous(first, &relevant),
        },
    };
    let agrees = detected == declared || (declared == "raw" && detected == "gpt") || !inspectable(declared);
    let mismatch = (!agrees || (!inspectable(declared) && !matches!(detected, "raw" | "gpt")))
        .then(|| format!("its content is {detected} but its disk_format is {declared}"));
    let virtual_size = match mismatch {
        Some(_) => (declared == "raw").then_some(inspection.length),
        None => virtual_size.filter(|_| inspectable(declared)),
    };
    Judgement { detected, virtual_size, danger, mismatch }
}

/// A VHD footer behind raw data means something only to those who expect a VHD.
fn matters(one: &Found, declared: &str) -> bool {
    one.format != Format::FixedVhd || declared == "vhd"
}

/// Combinations that are legitimate: a bootable ISO has a partition table too, and so has a fixed VHD.
fn chosen<'a>(found: &[&'a Found]) -> Option<&'a Found> {
    let mut rest = found.iter().filter(|one| one.format != Format::Partitioned);
    let only = rest.next().filter(|one| matches!(one.format, Format::Iso | Format::FixedVhd))?;
    rest.next().is_none().then_some(*only)
}

fn ambiguous(first: &Found, found: &[&Found]) -> Judgement {
    let names: Vec<&str> = found.iter().map(|one| one.format.name()).collect();
    let why = format!("its content is several formats at once: {}", names.join(", "));
    Judgement { detected: first.format.name(), virtual_size: None, danger: Some(why), mismatch: None }
}
