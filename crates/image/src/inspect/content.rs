//! The whole judgement over some bytes, as an upload gets it, without files.

use super::{Judgement, early_refusal, inspect, judge};

/// Enough for every header that stops an upload early, in bytes.
const HEAD: usize = 512;

/// The first bytes of an upload, gathered until they suffice to stop it.
#[derive(Debug, Default)]
pub(crate) struct Head(Vec<u8>);

impl Head {
    /// Takes the next bytes; a reason to stop as soon as the first sector is there and dangerous.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Option<String> {
        if self.0.len() >= HEAD {
            return None;
        }
        let wanted = HEAD - self.0.len();
        self.0.extend_from_slice(bytes.get(..wanted.min(bytes.len())).unwrap_or_default());
        early_refusal(&self.0).filter(|_| self.0.len() >= HEAD)
    }
}

/// What some bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Why an upload of them is stopped before its end, if it is.
    pub stopped: Option<String>,
    /// Name of the format that they have: `raw`, `qcow2` …
    pub detected: &'static str,
    /// Size of the disk in bytes, where it is known.
    pub virtual_size: Option<u64>,
    /// Why no server may boot from them, if none may.
    pub unfit: Option<String>,
}

/// Judges bytes that come in `pieces` and were declared to have the disk format `declared`. Never fails: what is no
/// disk format is `raw`.
#[must_use]
pub fn content(declared: &str, pieces: &[&[u8]]) -> Content {
    let mut head = Head::default();
    let stopped = pieces.iter().find_map(|piece| head.take(piece));
    let whole = pieces.concat();
    let judgement = judge(declared, &inspect(&whole.as_slice()));
    let unfit = judgement.unfit().map(str::to_owned);
    let Judgement { detected, virtual_size, .. } = judgement;
    Content { stopped, detected, virtual_size, unfit }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn qcow2_with_backing_file() -> Vec<u8> {
        let mut image = vec![0; 1024];
        image[..8].copy_from_slice(b"QFI\xfb\0\0\0\x03");
        image[15] = 104;
        image
    }

    #[test]
    fn pieces_of_any_size_are_judged_alike() {
        let image = qcow2_with_backing_file();
        let whole = content("qcow2", &[&image]);
        assert!(whole.stopped.is_some() && whole.unfit.is_some(), "{whole:?}");
        for size in [1, 3, 511, 512, 513] {
            let pieces: Vec<&[u8]> = image.chunks(size).collect();
            assert_eq!(content("qcow2", &pieces), whole, "pieces of {size} bytes");
        }
    }

    #[test]
    fn nothing_is_stopped_before_the_first_sector_is_there() {
        let image = qcow2_with_backing_file();
        let mut head = Head::default();
        assert_eq!(head.take(&image[..511]), None);
        assert!(head.take(&image[511..]).is_some());
        assert_eq!(head.take(&image), None, "the first sector is over");
    }

    #[test]
    fn no_bytes_are_an_empty_raw_disk() {
        let nothing = content("raw", &[]);
        assert_eq!((nothing.detected, nothing.virtual_size, nothing.unfit), ("raw", Some(0), None));
    }
}
