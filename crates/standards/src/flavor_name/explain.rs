//! What a name promises, in words.

use serde::Serialize;

use super::{Cpu, CpuBrand, CpuKind, Disk, DiskKind, FlavorName, Gpu, Ram};

/// One part of a name and its meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// The part in canonical spelling, with its delimiter.
    pub text: String,
    /// What it promises.
    pub meaning: String,
}

impl FlavorName {
    /// The parts of the canonical name with their meanings, in their order. The texts, put together after `SCS-`,
    /// are the canonical name.
    pub fn explain(&self) -> Vec<Explained> {
        let mut parts = vec![cpu(self.cpu), ram(self.ram), disk(self.disk)];
        if let Some(hypervisor) = self.hypervisor {
            parts.push(part(format!("_{}", hypervisor.code()), format!("runs on {}", hypervisor.title())));
        }
        if self.hwvirt {
            parts.push(part("_hwv", "virtual machines inside of the machine are hardware-assisted"));
        }
        if let Some(brand) = self.cpu_brand {
            parts.push(cpu_brand(brand));
        }
        if let Some(gpu) = self.gpu {
            parts.push(part(gpu.to_string(), gpu_meaning(gpu)));
        }
        if self.infiniband {
            parts.push(part("_ib", "InfiniBand"));
        }
        parts
    }
}

fn part(text: impl Into<String>, meaning: impl Into<String>) -> Explained {
    Explained { text: text.into(), meaning: meaning.into() }
}

fn cpu(cpu: Cpu) -> Explained {
    let kind = match cpu.kind {
        CpuKind::CrowdedCore => "heavily oversubscribed vCPU",
        CpuKind::SharedCore => "oversubscribed vCPU (at least 20 % of a core in over 99 % of the time)",
        CpuKind::DedicatedThread => "hardware thread of its own",
        CpuKind::DedicatedCore => "core of its own",
    };
    let insecure = if cpu.insecure { "; the CPU may be vulnerable" } else { "" };
    let marker = if cpu.insecure { "i" } else { "" };
    part(format!("{}{}{marker}", cpu.count, cpu.kind.letter()), format!("{} × {kind}{insecure}", cpu.count))
}

fn ram(ram: Ram) -> Explained {
    let size = format!("{}{}", ram.half_gib / 2, if ram.half_gib % 2 == 1 { ".5" } else { "" });
    let mut text = format!("-{size}");
    let mut meaning = format!("{size} GiB of RAM");
    if ram.no_ecc {
        text.push('u');
        meaning.push_str(", without error correction");
    }
    if ram.oversubscribed {
        text.push('o');
        meaning.push_str(", oversubscribed");
    }
    part(text, meaning)
}

fn disk(disk: Option<Disk>) -> Explained {
    let Some(disk) = disk else { return part("", "no disk: boots from a volume that the user brings") };
    let mut text = "-".to_owned();
    let mut meaning = String::new();
    if disk.count != 1 {
        text.push_str(&format!("{}x", disk.count));
        meaning.push_str(&format!("{} × ", disk.count));
    }
    if let Some(size) = disk.size_gb {
        text.push_str(&size.to_string());
        meaning.push_str(&format!("{size} GB on "));
    }
    if let Some(kind) = disk.kind {
        text.push(kind.letter());
    }
    meaning.push_str(match disk.kind {
        Some(DiskKind::Network) => "network storage that survives the loss of a disk or host",
        Some(DiskKind::Hdd) => "a local hard disk",
        Some(DiskKind::Ssd) => "a local SSD",
        Some(DiskKind::Nvme) => "a local NVMe disk",
        None => "a disk of the cloud's choice",
    });
    if disk.size_gb.is_none() {
        meaning.push_str(", as large as the image needs");
    }
    part(text, meaning)
}

fn cpu_brand(brand: CpuBrand) -> Explained {
    let mut text = format!("_{}", brand.vendor.letter());
    let mut meaning = format!("{} CPU", brand.vendor.title());
    if brand.generation != 0 {
        text.push_str(&brand.generation.to_string());
        let title = brand.vendor.generations().get(usize::from(brand.generation)).unwrap_or(&"unknown");
        meaning.push_str(&format!(", generation {} ({title})", brand.generation));
    }
    text.push_str(&"h".repeat(usize::from(brand.clock)));
    let clock = [
        "",
        ", above 2.75 GHz on all cores",
        ", above 3.25 GHz on all cores",
        ", above 3.75 GHz on all cores",
    ];
    meaning.push_str(clock.get(usize::from(brand.clock)).unwrap_or(&""));
    part(text, meaning)
}

fn gpu_meaning(gpu: Gpu) -> String {
    let how = if gpu.passthrough { "passed through whole" } else { "virtual" };
    let mut meaning = format!("{} GPU, {how}", gpu.vendor.title());
    if let Some(generation) = gpu.generation {
        meaning.push_str(&format!(", generation {}", generation.title(gpu.vendor)));
    }
    if let Some(units) = gpu.units {
        meaning.push_str(&format!(", {units} {}", gpu.vendor.units()));
    }
    meaning.push_str(["", ", high clock", ", very high clock"].get(usize::from(gpu.clock)).unwrap_or(&""));
    if let Some(vram) = gpu.vram_gib {
        meaning.push_str(&format!(", {vram} GiB of video memory"));
    }
    let bandwidth = ["", ", high-bandwidth memory", ", very high-bandwidth memory"];
    meaning.push_str(bandwidth.get(usize::from(gpu.bandwidth)).unwrap_or(&""));
    meaning
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meanings(name: &str) -> Vec<String> {
        FlavorName::parse(name).unwrap().explain().into_iter().map(|part| part.meaning).collect()
    }

    #[test]
    fn every_marker_is_put_into_words() {
        let all = meanings("SCS-2Li-3.5uo-2x10p_bms_hwv_z4hh_GNl-142hh-48h_ib").join("; ");
        for word in [
            "2 × heavily",
            "vulnerable",
            "3.5 GiB",
            "without error correction",
            "oversubscribed",
            "2 × 10 GB on a local NVMe",
            "bare metal",
            "hardware-assisted",
            "Zen 4/4c",
            "3.25 GHz",
            "Ada Lovelace",
            "142 SMs",
            "very high clock",
            "48 GiB of video",
            "high-bandwidth",
            "InfiniBand",
        ] {
            assert!(all.contains(word), "{word:?} is missing in {all:?}");
        }
    }

    #[test]
    fn a_missing_disk_part_is_explained_too() {
        assert!(meanings("SCS-1V-4").iter().any(|meaning| meaning.starts_with("no disk")));
        assert!(
            meanings("SCS-1V-4-n").iter().any(|meaning| meaning.ends_with("as large as the image needs"))
        );
    }
}
