//! A backend in memory, with faults on demand. It keeps the pieces that were written, not the size.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use kogge_ids::VolumeId;
use kogge_node_api::{ByteStream, Data, DiskCopy, VolumePlace};

use crate::{
    Adopted, Backend, Contents, DiskId, ExportFormat, Extent, Facts, Feature, Foreign, Nature, NewDisk,
    Origin, RELEASED, StorageError,
};

/// Room of a simulated backend in bytes.
const ROOM: u64 = 1 << 50;

/// What goes wrong with the next calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SimFault {
    /// So many calls fail as a broken disk would.
    Failing(u32),
    /// There is no room for anything new.
    Full,
    /// Nothing answers.
    Silent,
}

#[derive(Debug, Clone)]
struct Disk {
    bytes: u64,
    extents: Vec<Extent>,
}

#[derive(Default)]
struct State {
    disks: BTreeMap<DiskId, Disk>,
    foreign: BTreeMap<String, Disk>,
    fault: Option<SimFault>,
}

/// A backend in memory. Clones are the same one.
#[derive(Clone, Default)]
pub struct SimStorage(Arc<Mutex<State>>);

impl SimStorage {
    /// One without disks.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets things go wrong, or right again.
    pub fn fail(&self, fault: Option<SimFault>) {
        self.state().fault = fault;
    }

    /// Puts a disk there that is none of ours.
    pub fn put_foreign(&self, name: &str, bytes: u64) {
        self.state().foreign.insert(name.to_owned(), Disk { bytes, extents: Vec::new() });
    }

    /// How large a disk is; nothing where there is none.
    #[must_use]
    pub fn size(&self, id: DiskId) -> Option<u64> {
        self.state().disks.get(&id).map(|disk| disk.bytes)
    }

    /// Writes into a disk, as a guest would.
    pub fn write(&self, id: DiskId, offset: u64, data: &[u8]) {
        if let Some(disk) = self.state().disks.get_mut(&id) {
            disk.extents.retain(|extent| extent.offset != offset);
            disk.extents.push(Extent { offset, data: Bytes::copy_from_slice(data) });
            disk.extents.sort_by_key(|extent| extent.offset);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, unless something is to go wrong; `grows` where the call takes room.
    fn ready(&self, step: &str, grows: bool) -> Result<MutexGuard<'_, State>, StorageError> {
        let mut state = self.state();
        match state.fault.clone() {
            Some(SimFault::Failing(left)) => {
                state.fault = (left > 1).then(|| SimFault::Failing(left - 1));
                Err(StorageError::failed(step, "a fault was asked for"))
            }
            Some(SimFault::Full) if grows => {
                Err(StorageError::Full { step: step.to_owned(), because: "a fault was asked for".to_owned() })
            }
            Some(SimFault::Silent) => {
                Err(StorageError::Unreachable { because: "a fault was asked for".to_owned() })
            }
            Some(SimFault::Full) | None => Ok(state),
        }
    }

    async fn make(&self, new: NewDisk, origin: Origin, replace: bool) -> Result<(), StorageError> {
        const STEP: &str = "making the volume";
        {
            let state = self.ready(STEP, true)?;
            if !replace && state.disks.contains_key(&new.id) {
                return Ok(());
            }
        }
        let extents = match origin {
            Origin::Blank => Vec::new(),
            // the start of an image is enough to tell copies apart
            Origin::Image(_, data) => head(data.into_stream()).await?,
            Origin::Live(copy) => head(copy.data.into_stream()).await?,
            Origin::Copy(from) => {
                let state = self.state();
                let found = state.disks.get(&from);
                let found = found.ok_or_else(|| StorageError::NotFound { what: from.to_string() })?;
                if found.bytes > new.bytes {
                    return Err(StorageError::Refused { because: larger(found.bytes) });
                }
                found.extents.clone()
            }
            Origin::Contents(contents) => {
                contents.extents.try_collect().await.map_err(|error| StorageError::io(STEP, &error))?
            }
        };
        self.state().disks.insert(new.id, Disk { bytes: new.bytes, extents });
        Ok(())
    }
}

fn larger(bytes: u64) -> String {
    format!("what it is made from needs a volume of {} GiB", bytes.div_ceil(1 << 30))
}

/// The first piece of a stream; the rest is read and forgotten.
async fn head(mut stream: ByteStream) -> Result<Vec<Extent>, StorageError> {
    let mut first = Vec::new();
    while let Some(piece) = stream.next().await {
        let data = piece.map_err(|error| StorageError::io("reading what the volume is made from", &error))?;
        if first.is_empty() && !data.is_empty() {
            first.push(Extent { offset: 0, data });
        }
    }
    Ok(first)
}

fn missing(id: DiskId) -> StorageError {
    StorageError::NotFound { what: id.to_string() }
}

#[async_trait]
impl Backend for SimStorage {
    fn nature(&self) -> Nature {
        let features = vec![Feature::CheapCopies, Feature::Replicated];
        Nature { features, protocol: "simulated", product: "memory" }
    }

    /// As files are, so that it can be tried.
    fn is_local(&self) -> bool {
        true
    }

    async fn facts(&self) -> Result<Facts, StorageError> {
        let state = self.ready("looking at the backend", false)?;
        let used: u64 = state.disks.values().map(|disk| disk.bytes).sum();
        Ok(Facts { total_bytes: ROOM, free_bytes: ROOM.saturating_sub(used) })
    }

    async fn create(&self, new: NewDisk, origin: Origin) -> Result<(), StorageError> {
        self.make(new, origin, false).await
    }

    async fn replace(&self, new: NewDisk, origin: Origin) -> Result<(), StorageError> {
        self.make(new, origin, true).await
    }

    async fn extend(&self, id: DiskId, bytes: u64) -> Result<(), StorageError> {
        let mut state = self.ready("growing the volume", true)?;
        let disk = state.disks.get_mut(&id).ok_or_else(|| missing(id))?;
        disk.bytes = disk.bytes.max(bytes);
        Ok(())
    }

    async fn delete(&self, id: DiskId) -> Result<(), StorageError> {
        self.ready("removing the volume", false)?.disks.remove(&id);
        Ok(())
    }

    async fn place(&self, id: VolumeId) -> Result<VolumePlace, StorageError> {
        let id = DiskId::Volume(id);
        let there = self.ready("finding the volume", false)?.disks.contains_key(&id);
        there.then_some(VolumePlace::Simulated).ok_or_else(|| missing(id))
    }

    async fn read(&self, id: DiskId) -> Result<Contents, StorageError> {
        let state = self.ready("reading the volume", false)?;
        let disk = state.disks.get(&id).ok_or_else(|| missing(id))?;
        let extents = disk.extents.clone().into_iter().map(Ok);
        Ok(Contents { bytes: disk.bytes, extents: Box::pin(stream::iter(extents)) })
    }

    async fn export(&self, id: DiskId, _: ExportFormat) -> Result<DiskCopy, StorageError> {
        let state = self.ready("copying the volume", false)?;
        let disk = state.disks.get(&id).ok_or_else(|| missing(id))?;
        let data =
            disk.extents.first().map_or_else(|| Bytes::from_static(&[0; 512]), |first| first.data.clone());
        let bytes = data.len() as u64;
        Ok(DiskCopy { bytes, data: Data::Stream(Box::pin(stream::iter([Ok(data)]))) })
    }

    async fn foreign(&self) -> Result<Vec<Foreign>, StorageError> {
        let state = self.ready("looking at the backend", false)?;
        let one = |(name, disk): (&String, &Disk)| Foreign {
            name: name.clone(),
            bytes: disk.bytes,
            obstacle: None,
        };
        Ok(state.foreign.iter().map(one).collect())
    }

    async fn adopt(&self, name: &str, id: DiskId) -> Result<Adopted, StorageError> {
        let mut state = self.ready("taking over the volume", false)?;
        // an earlier try may have done it
        if let Some(disk) = state.disks.get(&id) {
            return Ok(Adopted { bytes: disk.bytes });
        }
        let found = state.foreign.remove(name);
        let disk = found.ok_or_else(|| StorageError::NotFound { what: name.to_owned() })?;
        let bytes = disk.bytes;
        state.disks.insert(id, disk);
        Ok(Adopted { bytes })
    }

    async fn release(&self, id: DiskId) -> Result<(), StorageError> {
        let mut state = self.ready("letting the volume go", false)?;
        if let Some(disk) = state.disks.remove(&id) {
            state.foreign.insert(format!("{RELEASED}{id}"), disk);
        }
        Ok(())
    }

    async fn disks(&self) -> Result<Vec<DiskId>, StorageError> {
        Ok(self.ready("looking at the backend", false)?.disks.keys().copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(number: u128) -> DiskId {
        DiskId::Volume(format!("{number:032x}").parse().unwrap())
    }

    #[tokio::test]
    async fn a_copy_has_what_was_written_and_no_more() {
        let storage = SimStorage::new();
        let new = |id, bytes| NewDisk { id, bytes, passphrase: None };
        storage.create(new(volume(1), 1 << 30), Origin::Blank).await.unwrap();
        storage.write(volume(1), 4096, b"before");
        storage.create(new(volume(2), 1 << 30), Origin::Copy(volume(1))).await.unwrap();
        storage.write(volume(1), 4096, b"after!");
        let contents = storage.read(volume(2)).await.unwrap();
        let extents: Vec<Extent> = contents.extents.try_collect().await.unwrap();
        assert_eq!(extents, [Extent { offset: 4096, data: Bytes::from_static(b"before") }]);
        let small = storage.create(new(volume(3), 1 << 20), Origin::Copy(volume(1))).await;
        assert!(small.unwrap_err().is_final());
    }
}
