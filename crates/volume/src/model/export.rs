//! Formats that volumes leave in.

use kogge_storage::ExportFormat;

/// What an image's format is for a backend; nothing where none makes it.
pub(crate) fn export_format(word: &str) -> Option<ExportFormat> {
    Some(match word {
        "raw" => ExportFormat::Raw,
        "qcow2" => ExportFormat::Qcow2,
        "vmdk" => ExportFormat::Vmdk,
        "vdi" => ExportFormat::Vdi,
        "vhdx" => ExportFormat::Vhdx,
        "vhd" | "vpc" => ExportFormat::Vhd,
        _ => return None,
    })
}
