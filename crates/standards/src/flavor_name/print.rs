//! Canonical and short form, and the conversion between the two spellings.

use std::fmt::{Display, Formatter, Result};

use super::{CpuVendor, FlavorName, Gpu, PREFIX, Spelling};

impl FlavorName {
    /// The canonical form in the given spelling.
    pub fn spelled(&self, spelling: Spelling) -> String {
        respell(&self.to_string(), spelling)
    }

    /// The short form that the standard recommends to offer beside the long one: without hypervisor, nested
    /// virtualisation, x86 CPU part, CPU generation and all clock markers.
    ///
    /// It is a text and not a [`FlavorName`], because shortening can change the meaning (`_GNah-64` becomes
    /// `_GNa-64`) and even yield a name that the upstream parser refuses (`_GNah_ib` becomes `_GNa_ib`).
    pub fn short(&self) -> String {
        let mut short = self.clone();
        short.hypervisor = None;
        short.hwvirt = false;
        short.cpu_brand =
            short.cpu_brand.filter(|brand| !matches!(brand.vendor, CpuVendor::Intel | CpuVendor::Amd));
        if let Some(brand) = &mut short.cpu_brand {
            brand.generation = 0;
            brand.clock = 0;
        }
        if let Some(gpu) = &mut short.gpu {
            gpu.clock = 0;
            gpu.bandwidth = 0;
        }
        short.to_string()
    }
}

/// Rewrites a canonical (dash) spelling; upstream defines the colon spelling by this text replacement.
pub(crate) fn respell(canonical: &str, spelling: Spelling) -> String {
    match spelling {
        Spelling::Dashes => canonical.to_owned(),
        Spelling::Colons => {
            let body = canonical.strip_prefix(PREFIX).unwrap_or(canonical);
            let body: String = body
                .chars()
                .map(|c| match c {
                    '-' => ':',
                    '_' => '-',
                    other => other,
                })
                .collect();
            format!("{PREFIX}{body}")
        }
    }
}

impl Display for FlavorName {
    /// The canonical form, with dashes.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{PREFIX}{}{}", self.cpu.count, self.cpu.kind.letter())?;
        flag(f, self.cpu.insecure, "i")?;
        write!(f, "-{}", self.ram.half_gib / 2)?;
        flag(f, self.ram.half_gib % 2 == 1, ".5")?;
        flag(f, self.ram.no_ecc, "u")?;
        flag(f, self.ram.oversubscribed, "o")?;
        if let Some(disk) = self.disk {
            f.write_str("-")?;
            if disk.count != 1 {
                write!(f, "{}x", disk.count)?;
            }
            optional(f, "", disk.size_gb)?;
            optional(f, "", disk.kind.map(super::DiskKind::letter))?;
        }
        optional(f, "_", self.hypervisor.map(super::Hypervisor::code))?;
        flag(f, self.hwvirt, "_hwv")?;
        if let Some(brand) = self.cpu_brand {
            write!(f, "_{}", brand.vendor.letter())?;
            optional(f, "", (brand.generation != 0).then_some(brand.generation))?;
            f.write_str(high(brand.clock))?;
        }
        if let Some(gpu) = self.gpu {
            write!(f, "{gpu}")?;
        }
        flag(f, self.infiniband, "_ib")
    }
}

impl Display for Gpu {
    /// The part of a canonical name, with its leading underscore.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "_{}{}", if self.passthrough { 'G' } else { 'g' }, self.vendor.letter())?;
        optional(f, "", self.generation.map(super::GpuGeneration::code))?;
        optional(f, "-", self.units)?;
        f.write_str(high(self.clock))?;
        optional(f, "-", self.vram_gib)?;
        f.write_str(high(self.bandwidth))
    }
}

fn flag(f: &mut Formatter<'_>, set: bool, text: &str) -> Result {
    if set { f.write_str(text) } else { Ok(()) }
}

fn optional(f: &mut Formatter<'_>, before: &str, value: Option<impl Display>) -> Result {
    value.map_or(Ok(()), |value| write!(f, "{before}{value}"))
}

/// The clock or bandwidth marker; no more than the three of the grammar.
const fn high(count: u8) -> &'static str {
    match count {
        0 => "",
        1 => "h",
        2 => "hh",
        _ => "hhh",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colon_spelling_changes_every_delimiter_but_the_first() {
        let name = FlavorName::parse("SCS-2C-4-10s_bms_z3").unwrap();
        assert_eq!(name.spelled(Spelling::Colons), "SCS-2C:4:10s-bms-z3");
        assert_eq!(name.spelled(Spelling::Dashes), "SCS-2C-4-10s_bms_z3");
    }

    #[test]
    fn shortening_can_change_the_meaning_as_upstream_does() {
        assert_eq!(FlavorName::parse("SCS-4V-16_GNah-64").unwrap().short(), "SCS-4V-16_GNa-64");
        let refused = FlavorName::parse("SCS-4V-16_GNah_ib").unwrap().short();
        assert_eq!(refused, "SCS-4V-16_GNa_ib");
        assert!(FlavorName::parse(&refused).is_err());
    }
}
