//! `kogge standards flavor-name for`.

use kogge_standards::flavor_name::{Disk, FlavorName, Gpu};

use super::super::print;
use super::ORDER;
use super::explain::Details;
use crate::cli::flavor_name::For;
use crate::exit::{Exit, Failure};

pub(super) fn run(arguments: &For) -> Result<Exit, Failure> {
    let name = build(arguments)?;
    let mut remarks = name.remarks();
    if name.ram.mib() as f64 != arguments.ram * 1024.0 {
        remarks.push(
            "The RAM was rounded down to half a GiB, so that the name promises no more than there is."
                .to_owned(),
        );
    }
    print(arguments.print.output, &Details::new(&name, None, remarks), text)?;
    Ok(Exit::Pass)
}

fn build(arguments: &For) -> Result<FlavorName, Failure> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0.5 and 1e9 GiB")]
    let ram_mib = (arguments.ram * 1024.0) as u64;
    let mut name = FlavorName::builder(arguments.vcpus, ram_mib)
        .cpu_kind(arguments.cpu.kind)
        .insecure(arguments.cpu.insecure)
        .no_ecc(arguments.no_ecc)
        .ram_oversubscribed(arguments.ram_oversubscribed)
        .hwvirt(arguments.nested)
        .infiniband(arguments.ib);
    if let Some(disk) = disk(arguments)? {
        name = name.disk(disk);
    }
    if let Some(hypervisor) = arguments.hypervisor {
        name = name.hypervisor(hypervisor.into());
    }
    if let Some(arch) = arguments.arch {
        name = name.cpu_brand(arch.into(), arguments.generation, arguments.clock);
    }
    if let Some(gpu) = &arguments.gpu {
        name = name.gpu(self::gpu(gpu)?);
    }
    name.build().map_err(|error| {
        let because =
            std::error::Error::source(&error).map_or_else(String::new, |source| format!(": {source}"));
        Failure::Usage(format!("{error}{because}"))
    })
}

/// The disk part, where one is asked for.
fn disk(arguments: &For) -> Result<Option<Disk>, Failure> {
    let kind = arguments.disk_type.map(Into::into);
    match arguments.disk {
        Some(0) => Err(Failure::Usage("--disk 0: leave it out for a flavor without a disk".to_owned())),
        None if kind.is_none() && arguments.disk_count == 1 => Ok(None),
        size_gb => Ok(Some(Disk { count: arguments.disk_count, size_gb, kind })),
    }
}

/// Reads the part of a name that tells the GPU.
fn gpu(text: &str) -> Result<Gpu, Failure> {
    const BEFORE: &str = "SCS-1V-1_";
    let wrong = |because: String| Failure::Usage(format!("--gpu {}: {because}", text.escape_debug()));
    let text = text.trim_start_matches('_');
    let read = FlavorName::parse(&format!("{BEFORE}{text}")).map_err(|error| {
        let at = error.position.saturating_sub(BEFORE.len());
        let place =
            if error.found.is_empty() { "at the end".to_owned() } else { format!("at position {at}") };
        wrong(format!("{place}, expected {}", error.expected))
    })?;
    let only = FlavorName { gpu: None, ..read.clone() };
    match read.gpu {
        Some(gpu) if only.to_string() == BEFORE.trim_end_matches('_') => Ok(gpu),
        _ => Err(wrong("this is no GPU; write it as in names, e.g. GNa-14-6h".to_owned())),
    }
}

fn text(details: &Details) -> String {
    let both = if details.short == details.canonical {
        "Long and short name are the same.".to_owned()
    } else {
        "Offer the flavor under both names: the long one says all, the short one leaves out what few users ask for \
         (hypervisor, nested virtualisation, x86 vendor, CPU generation, clocks)."
            .to_owned()
    };
    format!(
        "{}\n\n{}{}\n\n  {both}\n  {ORDER}\n\nextra specs\n{}",
        details.names(),
        details.parts(),
        details.remarks(),
        details.specs()
    )
}
