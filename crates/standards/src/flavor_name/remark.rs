//! What is worth knowing about a valid name.

use super::{FlavorName, Parsed, Spelling};

impl FlavorName {
    /// Whether a test of upstream can compare a flavor with this name: it breaks off at a disk part without size, and
    /// takes the verdicts on all other flavors of the cloud along.
    pub fn is_comparable(&self) -> bool {
        self.disk.is_none_or(|disk| disk.size_gb.is_some())
    }

    /// What is worth knowing about the name itself, in sentences.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.ram.half_gib >= 20 && self.ram.half_gib % 2 == 1 {
            remarks.push("Halves of a GiB are discouraged from 10 GiB on.".to_owned());
        }
        if !self.is_comparable() {
            remarks.push(
                "The disk has no size: the document allows it, but scs-0100-semantics-check of the upstream suite \
                 breaks off at it (ABORT). Name the size."
                    .to_owned(),
            );
        }
        let short = self.short();
        match Self::parse(&short) {
            Err(_) => remarks.push(format!("The short form {short} is refused by the upstream parser.")),
            Ok(other) if other.gpu.map(|gpu| gpu.units) != self.gpu.map(|gpu| gpu.units) => remarks.push(format!(
                "The short form {short} means something else: the video memory becomes the number of units."
            )),
            Ok(_) => {}
        }
        remarks
    }
}

impl Parsed {
    /// What is worth knowing about the name and about the way in which it was written, in sentences.
    pub fn remarks(&self, written: &str) -> Vec<String> {
        let canonical = self.name.to_string();
        let mut remarks = Vec::new();
        match self.spelling {
            Spelling::Colons => remarks.push(format!(
                "This is the spelling of version 1: tolerated with a warning. Offer the flavor as {canonical} too."
            )),
            Spelling::Dashes if canonical != written => {
                remarks.push(format!("The canonical spelling is {canonical}."));
            }
            Spelling::Dashes => {}
        }
        remarks.extend(self.name.remarks());
        remarks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remarks(name: &str) -> String {
        FlavorName::parse_tolerant(name).unwrap().remarks(name).join(" ")
    }

    #[test]
    fn plain_names_need_no_remark() {
        for name in ["SCS-4V-16", "SCS-2V-4-20s", "SCS-1V-0.5", "SCS-16T-64-3x10s_bms_hwv_i3h_GNa-64_ib"] {
            assert_eq!(remarks(name), "", "{name}");
        }
    }

    #[test]
    fn each_oddity_is_told() {
        for (name, word) in [
            ("SCS-1V:4", "tolerated"),
            ("SCS-1V:4", "as SCS-1V-4"),
            ("SCS-01V-04", "canonical spelling is SCS-1V-4"),
            ("SCS-1V-10.5", "Halves"),
            ("SCS-2C-4-n", "ABORT"),
            ("SCS-4V-16_GNah_ib", "short form SCS-4V-16_GNa_ib is refused"),
            ("SCS-4V-16_GNah-64", "short form SCS-4V-16_GNa-64 means something else"),
        ] {
            assert!(remarks(name).contains(word), "{name}: {}", remarks(name));
        }
    }
}
