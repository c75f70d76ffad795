//! Where the bytes of an image are read from.

use std::os::unix::fs::FileExt;

/// The longest single read that a probe may ask for, in bytes.
pub(crate) const LONGEST_READ: usize = 1 << 20;

/// Random access to the bytes of an image.
pub(crate) trait Source {
    /// Length in bytes.
    fn length(&self) -> u64;

    /// `count` bytes at `offset`, or nothing if they are not all there or more than [`LONGEST_READ`] are asked for.
    fn read(&self, offset: u64, count: usize) -> Option<Vec<u8>>;

    /// The bytes at `offset`, as many as there are up to `most`.
    fn read_up_to(&self, offset: u64, most: usize) -> Option<Vec<u8>> {
        let left = self.length().checked_sub(offset)?;
        self.read(offset, usize::try_from(left).unwrap_or(usize::MAX).min(most))
    }
}

impl Source for [u8] {
    fn length(&self) -> u64 {
        self.len() as u64
    }

    fn read(&self, offset: u64, count: usize) -> Option<Vec<u8>> {
        let start = usize::try_from(offset).ok()?;
        let end = start.checked_add(count)?;
        (count <= LONGEST_READ).then_some(())?;
        self.get(start..end).map(<[u8]>::to_vec)
    }
}

impl<S: Source + ?Sized> Source for &S {
    fn length(&self) -> u64 {
        (**self).length()
    }

    fn read(&self, offset: u64, count: usize) -> Option<Vec<u8>> {
        (**self).read(offset, count)
    }
}

/// A finished upload on disk. Reading blocks: use it off the async threads.
pub(crate) struct FileSource {
    file: std::fs::File,
    length: u64,
}

impl FileSource {
    /// Opens the file for reading.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn open(path: &std::path::Path) -> std::io::Result<Self> {
        let file = std::fs::File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file, length })
    }
}

impl Source for FileSource {
    fn length(&self) -> u64 {
        self.length
    }

    fn read(&self, offset: u64, count: usize) -> Option<Vec<u8>> {
        if count > LONGEST_READ || offset.checked_add(count as u64)? > self.length {
            return None;
        }
        let mut bytes = vec![0; count];
        self.file.read_exact_at(&mut bytes, offset).ok()?;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_outside_of_the_bytes_give_nothing() {
        let bytes: &[u8] = b"0123456789";
        assert_eq!(bytes.read(8, 2), Some(b"89".to_vec()));
        assert_eq!(bytes.read(8, 3), None);
        assert_eq!(bytes.read(u64::MAX, 1), None);
        assert_eq!(bytes.read_up_to(8, 100), Some(b"89".to_vec()));
        assert_eq!(bytes.read_up_to(11, 1), None);
    }

    #[test]
    fn a_file_reads_as_its_bytes_do() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        std::fs::write(&path, b"0123456789").unwrap();
        let file = FileSource::open(&path).unwrap();
        assert_eq!(file.length(), 10);
        assert_eq!(file.read(2, 3), Some(b"234".to_vec()));
        assert_eq!(file.read(9, 2), None);
        assert_eq!(file.read(u64::MAX, 2), None);
        assert_eq!(file.read(0, LONGEST_READ + 1), None);
    }
}
