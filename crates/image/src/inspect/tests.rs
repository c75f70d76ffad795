//! The inspector against well-formed, hostile and arbitrary bytes.

use super::judge::Judgement;
use super::*;
use proptest::prelude::*;

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

fn qcow2(version: u32, features: u64) -> Vec<u8> {
    let mut bytes = vec![0; 4096];
    put(&mut bytes, 0, b"QFI\xfb");
    put(&mut bytes, 4, &version.to_be_bytes());
    put(&mut bytes, 20, &16u32.to_be_bytes());
    put(&mut bytes, 24, &(1u64 << 30).to_be_bytes());
    put(&mut bytes, 72, &features.to_be_bytes());
    put(&mut bytes, 100, &104u32.to_be_bytes());
    bytes
}

fn vmdk(kind: &str, extent: &str) -> Vec<u8> {
    let mut bytes = vec![0; 64 * 1024];
    put(&mut bytes, 0, b"KDMV");
    put(&mut bytes, 4, &1u32.to_le_bytes());
    put(&mut bytes, 12, &2048u64.to_le_bytes());
    put(&mut bytes, 28, &1u64.to_le_bytes());
    put(&mut bytes, 36, &20u64.to_le_bytes());
    let text = format!(
        "# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType=\"{kind}\"\n\n{extent}\n\
         ddb.adapterType = \"ide\"\n"
    );
    put(&mut bytes, 512, text.as_bytes());
    bytes
}

fn vhdx(parent: bool) -> Vec<u8> {
    let mut bytes = vec![0; 1 << 20];
    put(&mut bytes, 0, b"vhdxfile");
    let table = 192 << 10;
    put(&mut bytes, table, b"regi");
    put(&mut bytes, table + 8, &1u32.to_le_bytes());
    let metadata =
        [0x06, 0xA2, 0x7C, 0x8B, 0x90, 0x47, 0x9A, 0x4B, 0xB8, 0xFE, 0x57, 0x5F, 0x05, 0x0F, 0x88, 0x6E];
    put(&mut bytes, table + 16, &metadata);
    let region = 512 << 10;
    put(&mut bytes, table + 32, &(region as u64).to_le_bytes());
    put(&mut bytes, region, b"metadata");
    put(&mut bytes, region + 10, &2u16.to_le_bytes());
    let size =
        [0x24, 0x42, 0xA5, 0x2F, 0x1B, 0xCD, 0x76, 0x48, 0xB2, 0x11, 0x5D, 0xBE, 0xD8, 0x3B, 0xF4, 0xB8];
    put(&mut bytes, region + 32, &size);
    put(&mut bytes, region + 48, &0x1000u32.to_le_bytes());
    put(&mut bytes, region + 0x1000, &(7u64 << 20).to_le_bytes());
    let files =
        [0x37, 0x67, 0xA1, 0xCA, 0x36, 0xFA, 0x43, 0x4D, 0xB3, 0xB6, 0x33, 0xF0, 0xAA, 0x44, 0xE7, 0x6B];
    put(&mut bytes, region + 64, &files);
    put(&mut bytes, region + 80, &0x1010u32.to_le_bytes());
    put(&mut bytes, region + 0x1014, &u32::from(parent).wrapping_mul(2).to_le_bytes());
    bytes
}

fn vhd(kind: u32) -> Vec<u8> {
    let mut sector = vec![0; 512];
    put(&mut sector, 0, b"conectix");
    put(&mut sector, 48, &(5u64 << 20).to_be_bytes());
    put(&mut sector, 60, &kind.to_be_bytes());
    sector
}

fn mbr() -> Vec<u8> {
    let mut bytes = vec![0; 4096];
    put(&mut bytes, 510, &[0x55, 0xAA]);
    bytes
}

fn iso() -> Vec<u8> {
    let mut bytes = vec![0; 40 << 10];
    put(&mut bytes, 32 << 10, b"\x01CD001");
    put(&mut bytes, (32 << 10) + 80, &20u32.to_le_bytes());
    put(&mut bytes, (32 << 10) + 128, &2048u16.to_le_bytes());
    bytes
}

fn verdict(declared: &str, bytes: &[u8]) -> Judgement {
    judge(declared, &inspect(&bytes))
}

#[track_caller]
fn dangerous(declared: &str, bytes: &[u8], word: &str) {
    let danger = verdict(declared, bytes).danger.unwrap_or_default();
    assert!(danger.contains(word), "{declared}: {danger:?}");
}

#[test]
fn each_wellformed_format_is_recognized_with_its_virtual_size() {
    let mut vdi = vec![0; 512];
    put(&mut vdi, 0x40, &0xBEDA_107Fu32.to_le_bytes());
    put(&mut vdi, 0x4C, &1u32.to_le_bytes());
    put(&mut vdi, 0x170, &(3u64 << 20).to_le_bytes());
    let mut fixed = vec![7; 4096];
    fixed.extend(vhd(2));
    let sparse = vmdk("monolithicSparse", "RW 2048 SPARSE \"disk.vmdk\"");
    for (declared, bytes, size) in [
        ("qcow2", qcow2(2, 0), 1 << 30),
        ("qcow2", qcow2(3, 0b1011), 1 << 30),
        ("raw", vec![1; 1000], 1000),
        ("raw", mbr(), 4096),
        ("vmdk", sparse, 1 << 20),
        ("vhd", vhd(3), 5 << 20),
        ("vhd", fixed, 5 << 20),
        ("vhdx", vhdx(false), 7 << 20),
        ("vdi", vdi, 3 << 20),
        ("iso", iso(), 40_960),
    ] {
        let seen = verdict(declared, &bytes);
        assert_eq!(seen.unfit(), None, "{declared}");
        assert_eq!(seen.virtual_size, Some(size), "{declared}");
    }
}

#[test]
fn a_qcow2_that_reaches_outside_of_itself_is_dangerous() {
    let mut backed = qcow2(3, 0);
    put(&mut backed, 8, &200u64.to_be_bytes());
    dangerous("qcow2", &backed, "backing file");
    let mut sized = qcow2(2, 0);
    put(&mut sized, 16, &9u32.to_be_bytes());
    dangerous("qcow2", &sized, "backing file");
    dangerous("qcow2", &qcow2(3, 0b100), "external file");
    dangerous("qcow2", &qcow2(3, 1 << 4), "unknown incompatible");
    dangerous("qcow2", &qcow2(3, 1 << 63), "unknown incompatible");
    dangerous("qcow2", &qcow2(1, 0), "version 1");
    dangerous("qcow2", &qcow2(4, 0), "version 4");
    dangerous("qcow2", &qcow2(3, 0)[..80], "cut off");
    dangerous("qcow2", b"QFI\xfb", "cut off");
}

#[test]
fn a_backed_qcow2_is_dangerous_whatever_it_is_declared_to_be() {
    let mut backed = qcow2(3, 0);
    put(&mut backed, 8, &200u64.to_be_bytes());
    for declared in ["raw", "vmdk", "iso", "ami", "nonsense"] {
        dangerous(declared, &backed, "backing file");
    }
}

#[test]
fn a_harmless_qcow2_inside_a_raw_image_is_a_mismatch() {
    let seen = verdict("raw", &qcow2(3, 0));
    assert_eq!(seen.danger, None);
    assert_eq!(seen.mismatch.as_deref(), Some("its content is qcow2 but its disk_format is raw"));
    assert_eq!(seen.virtual_size, Some(4096), "the size that a reader of raw bytes would see");
}

#[test]
fn random_bytes_are_raw_and_nothing_else() {
    let bytes: Vec<u8> = (0..2000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert_eq!(verdict("raw", &bytes).unfit(), None);
    assert!(verdict("qcow2", &bytes).mismatch.is_some());
    assert!(verdict("vhd", &bytes).mismatch.is_some());
    assert_eq!(verdict("aki", &bytes).unfit(), None, "kernels cannot be recognized");
    assert_eq!(verdict("raw", &[]).virtual_size, Some(0));
}

#[test]
fn vmdk_that_names_other_files_is_dangerous() {
    dangerous("vmdk", &vmdk("monolithicSparse", "RW 2048 SPARSE \"/etc/passwd\""), "path");
    dangerous("vmdk", &vmdk("monolithicSparse", "RW 2048 SPARSE \"..\\\\x\""), "path");
    dangerous("vmdk", &vmdk("monolithicFlat", "RW 2048 FLAT \"x\" 0"), "subformat");
    dangerous("vmdk", &vmdk("monolithicSparse", ""), "0 extents");
    dangerous("vmdk", &vmdk("monolithicSparse", "RW 1 SPARSE \"a\"\nRW 1 SPARSE \"b\""), "2 extents");
    dangerous("vmdk", &vmdk("monolithicSparse", "do something"), "not understood");
    dangerous("vmdk", &vmdk("streamOptimized", "parentFileNameHint=\"/x\"\nRW 1 SPARSE \"a\""), "parent");
    dangerous(
        "raw",
        b"# Disk DescriptorFile\nversion=1\ncreateType=\"monolithicFlat\"\nRW 1 FLAT \"/x\" 0\n",
        "other files",
    );
    dangerous("raw", b"# hello\n\nversion=1\nRW 1 FLAT \"/etc/shadow\" 0\n", "other files");
    dangerous("raw", b"COWDxxxx", "ESX");
    let mut moved = vmdk("monolithicSparse", "RW 1 SPARSE \"a\"");
    put(&mut moved, 28, &9u64.to_le_bytes());
    dangerous("vmdk", &moved, "wrong place");
}

/// The bytes of a VMDK whose descriptor is `text`.
fn described(text: &str) -> Vec<u8> {
    let mut bytes = vmdk("monolithicSparse", "");
    bytes[512..512 + 20 * 512].fill(0);
    put(&mut bytes, 512, text.as_bytes());
    bytes
}

#[test]
fn readers_that_understand_a_vmdk_differently_never_meet() {
    let good = "version=1\nCID=1\nparentCID=ffffffff\ncreateType=\"monolithicSparse\"\nRW 8 SPARSE \"a\"\n";
    assert_eq!(verdict("vmdk", &described(good)).unfit(), None);
    for (more, word) in [
        ("CREATETYPE=\"monolithicSparse\"\n", "more than once"),
        ("createType=\"monolithicFlat\"\n", "more than once"),
        ("# createType=\"vmfs\"\n", "more than once"),
        ("ddb.comment=\"CreateType=\"\n", "more than once"),
        ("parentCID=12345678\n", "more than once"),
        ("# PARENTFILENAMEHINT=\"/x\"\n", "parent"),
        ("RW\t8\tFLAT\t\"x=y\"\t0\n", "kept in another file"),
        ("RW 8 FLAT \"x\" 0\n", "kept in another file"),
        ("RW many SPARSE \"x\"\n", "kept in another file"),
        ("RW 8 SPARSE \"x\"\n", "2 extents"),
        ("a key with blanks=1\n", "not understood"),
    ] {
        dangerous("vmdk", &described(&format!("{good}{more}")), word);
        dangerous("vmdk", &described(&format!("{more}{good}")), word);
    }
    for kind in ["monolithicFlat", "twoGbMaxExtentSparse", "custom", "VMFS", "fullDevice", ""] {
        dangerous("vmdk", &described(&good.replace("monolithicSparse", kind)), "subformat");
    }
    dangerous("vmdk", &described(&good.replace("ffffffff", "fffffffe")), "parent");
}

#[test]
fn a_vmdk_whose_header_leaves_the_say_to_its_descriptor_is_dangerous() {
    let mut empty = vmdk("monolithicSparse", "RW 8 SPARSE \"a\"");
    put(&mut empty, 12, &0u64.to_le_bytes());
    dangerous("vmdk", &empty, "capacity");
    put(&mut empty, 12, &u64::MAX.to_le_bytes());
    dangerous("vmdk", &empty, "capacity");
    // QEMU goes on reading where the header's sectors end
    let mut short =
        described(&format!("createType=\"monolithicSparse\"\nRW 8 SPARSE \"a\"\n#{}", "x".repeat(600)));
    put(&mut short, 36, &1u64.to_le_bytes());
    dangerous("vmdk", &short, "does not end");
}

#[test]
fn a_vmdk_descriptor_is_recognized_whatever_its_comments_hold() {
    for text in [
        &b"#\x01\xff\nversion=1\nRW 1 FLAT \"/x\" 0\n"[..],
        b"\r\n  \n# a\n#b\r\nVERSION=1\r\n",
        b"# Disk DescriptorFile\n\x00",
        b"CreateType=\"vmfs\"\n",
    ] {
        dangerous("raw", text, "other files");
    }
    assert_eq!(verdict("raw", b"#!/bin/sh\necho version=1\n").unfit(), None);
}

#[test]
fn a_vmdk_footer_must_repeat_its_header() {
    let mut bytes = vmdk("streamOptimized", "RW 2048 SPARSE \"disk.vmdk\"");
    put(&mut bytes, 56, &u64::MAX.to_le_bytes());
    dangerous("vmdk", &bytes, "footer");
    let mut tail = vec![0; 1536];
    put(&mut tail, 12, &3u32.to_le_bytes());
    tail[512..1024].copy_from_slice(&bytes[..512]);
    put(&mut tail, 512 + 56, &40u64.to_le_bytes());
    let mut good = bytes.clone();
    good.extend(&tail);
    assert_eq!(verdict("vmdk", &good).unfit(), None);
    put(&mut tail, 512 + 28, &2u64.to_le_bytes());
    bytes.extend(&tail);
    dangerous("vmdk", &bytes, "differs");
}

#[test]
fn differencing_disks_are_dangerous() {
    dangerous("vhd", &vhd(4), "differencing");
    dangerous("vhdx", &vhdx(true), "differencing");
    let mut vdi = vec![0; 512];
    put(&mut vdi, 0x40, &0xBEDA_107Fu32.to_le_bytes());
    put(&mut vdi, 0x4C, &1u32.to_le_bytes());
    put(&mut vdi, 0x1B8, &[1]);
    dangerous("vdi", &vdi, "differencing");
}

#[test]
fn qed_and_luks2_are_refused() {
    dangerous("raw", b"QED\0........", "QED");
    let mut luks = vec![0; 600];
    put(&mut luks, 0, b"LUKS\xba\xbe\x00\x02");
    dangerous("luks", &luks, "LUKS version 2");
}

#[test]
fn a_file_of_two_formats_is_dangerous_but_a_bootable_iso_is_not() {
    let mut both = iso();
    both[..4096].copy_from_slice(&qcow2(3, 0));
    dangerous("iso", &both, "several formats");
    dangerous("raw", &both, "several formats");
    let mut bootable = iso();
    put(&mut bootable, 510, &[0x55, 0xAA]);
    assert_eq!(verdict("iso", &bootable).unfit(), None);
}

#[test]
fn a_fat_boot_sector_is_not_a_partition_table() {
    let mut fat = mbr();
    fat[0x10] = 2;
    fat[0x15] = 0xF8;
    assert_eq!(verdict("raw", &fat).detected, "raw");
    assert_eq!(verdict("raw", &mbr()).detected, "gpt");
}

#[test]
fn an_upload_can_be_stopped_after_its_first_sector() {
    assert_eq!(early_refusal(&qcow2(3, 0)[..512]), None);
    assert!(early_refusal(&qcow2(3, 0b100)[..512]).is_some());
    assert_eq!(early_refusal(&mbr()[..512]), None);
    assert_eq!(early_refusal(b""), None);
}

/// Counts what a probe asks for, so that hostile headers cannot make the inspector read without end.
struct Metered<'a>(&'a [u8], std::cell::Cell<usize>);

impl Source for Metered<'_> {
    fn length(&self) -> u64 {
        self.0.length()
    }
    fn read(&self, offset: u64, count: usize) -> Option<Vec<u8>> {
        let bytes = self.0.read(offset, count)?;
        self.1.set(self.1.get() + bytes.len());
        Some(bytes)
    }
}

const MAGICS: [&[u8]; 10] = [
    b"QFI\xfb\0\0\0\x03",
    b"QED\0",
    b"KDMV\x01\0\0\0",
    b"COWD",
    b"vhdxfile",
    b"LUKS\xba\xbe\0\x01",
    b"conectix",
    b"# Disk",
    b"version=1",
    b"",
];

proptest! {
    #[test]
    fn arbitrary_bytes_behind_any_magic_never_panic_and_cost_little(
        magic in prop::sample::select(&MAGICS[..]),
        rest in prop::collection::vec(any::<u8>(), 0..2048),
        declared in prop::sample::select(&["raw", "qcow2", "vmdk", "vhd", "vhdx", "vdi", "iso", "aki"][..]),
    ) {
        let mut bytes = magic.to_vec();
        bytes.extend(rest);
        let metered = Metered(&bytes, std::cell::Cell::new(0));
        let seen = judge(declared, &inspect(&metered));
        prop_assert!(metered.1.get() <= 4 << 20);
        prop_assert!(early_refusal(&bytes).is_none() || seen.danger.is_some());
    }

    #[test]
    fn a_flipped_vhdx_never_panics_nor_reads_without_end(at in 0usize..(1 << 20), byte: u8, table in 0usize..2048, other: u8) {
        let mut bytes = vhdx(false);
        bytes[at] = byte;
        bytes[(192 << 10) + table] = other;
        bytes[(512 << 10) + table] = byte;
        let metered = Metered(&bytes, std::cell::Cell::new(0));
        let _ = judge("vhdx", &inspect(&metered));
        prop_assert!(metered.1.get() <= 4 << 20);
    }

    #[test]
    fn a_flipped_vmdk_or_qcow2_never_panics(at in 0usize..2048, byte: u8, more in 0usize..104, other: u8) {
        let mut bytes = vmdk("monolithicSparse", "RW 2048 SPARSE \"a\"");
        bytes[at] = byte;
        bytes[more] = other;
        let _ = judge("vmdk", &inspect(&bytes.as_slice()));
        let mut bytes = qcow2(3, 0);
        bytes[at] = byte;
        bytes[more] = other;
        let _ = judge("qcow2", &inspect(&bytes.as_slice()));
    }
}
