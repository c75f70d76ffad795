//! Contents of images: headers that lie, in pieces of any size.
//!
//! The first byte chooses the declared format, the second the size of the pieces. The rest is the image or, where the first
//! byte is odd, a list of patches (place in units of 16 bytes, length, bytes) on an image of zeros, so that
//! structures far behind the start are reached.

#![no_main]

use kogge_image::content;
use libfuzzer_sys::fuzz_target;

const DECLARED: [&str; 11] =
    ["raw", "qcow2", "vmdk", "vhd", "vhdx", "vdi", "iso", "ami", "ploop", "qed", "no such format"];
/// How many bytes come in small pieces; the rest is one.
const IN_PIECES: usize = 4 << 10;
/// Longest image made from patches, in bytes.
const LONGEST: usize = 640 << 10;

fuzz_target!(|data: &[u8]| {
    let [choice, size, rest @ ..] = data else { return };
    let declared = DECLARED[usize::from(choice >> 1) % DECLARED.len()];
    let image = if choice & 1 == 1 { patched(rest) } else { rest.to_vec() };
    let whole = content(declared, &[&image]);
    let (begin, end) = image.split_at(image.len().min(IN_PIECES));
    let mut pieces: Vec<&[u8]> = begin.chunks(usize::from(*size) * 7 + 1).collect();
    pieces.push(end);
    assert_eq!(content(declared, &pieces), whole, "the size of the pieces does not matter");
    assert!(whole.stopped.is_none() || whole.unfit.is_some(), "what is stopped is not fit to boot");
    if image.starts_with(b"QFI\xfb") {
        let backing = image.get(8..16).is_some_and(|place| place != [0; 8]);
        assert!(declared == "qcow2" || whole.unfit.is_some(), "a qcow2 by another name");
        assert!(!backing || whole.unfit.is_some(), "a backing file");
    }
    if image.starts_with(b"COWD") {
        assert!(whole.unfit.is_some(), "a VMDK of many files");
    }
});

fn patched(mut patches: &[u8]) -> Vec<u8> {
    let mut image = Vec::new();
    while let [high, low, length, rest @ ..] = patches {
        let place = (usize::from(*high) << 8 | usize::from(*low)) * 16;
        let (bytes, after) = rest.split_at(usize::from(*length).min(rest.len()));
        let end = place + bytes.len();
        if end <= LONGEST {
            image.resize(image.len().max(end), 0);
            image[place..end].copy_from_slice(bytes);
        }
        patches = after;
    }
    image
}
