//! Networking as the node was told it: changes are put together here, and the data plane makes the whole true.
//!
//! How far the node came outlives the agent, so that a call from before its restart changes nothing. What it was told does
//! not: after a restart it says that it does not know, and is told the whole.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use kogge_ids::PortId;
use kogge_node_api::{AppliedNetworking, Epoch, NetworkingChange, NodeError, ObservedNetworking};
use tokio::sync::OwnedMutexGuard;

use crate::blocking::with_files;
use crate::host::Host;
use crate::layout::{Layout, replace_file};

/// Takes a change in and makes it true. What is not to be taken in changes nothing.
pub(crate) async fn apply(
    host: Arc<Host>,
    mut applied: OwnedMutexGuard<AppliedNetworking>,
    by: Epoch,
    change: NetworkingChange,
) -> Result<ObservedNetworking, NodeError> {
    if !applied.takes(by, &change) {
        let seen = host.wiring.observe().await?;
        return Ok(ObservedNetworking { generation: applied.answer(), ..seen });
    }
    let (layout, generation) = (host.layout.clone(), change.generation);
    with_files("writing down how far networking is", move || write(&layout, by, generation)).await?;
    let acts = change.repair || !change.is_empty();
    let named = (!change.repair).then(|| named(&change));
    applied.take(by, change);
    let observed =
        if acts { host.wiring.apply(applied.held.desired()).await? } else { host.wiring.observe().await? };
    let mut ports = observed.ports;
    if let Some(named) = named {
        ports.retain(|port| named.contains(&port.id));
    }
    Ok(ObservedNetworking { generation, ports })
}

/// The ports that a change speaks of.
fn named(change: &NetworkingChange) -> BTreeSet<PortId> {
    change.put.ports.iter().map(|port| port.id).chain(change.ask.iter().copied()).collect()
}

/// Epoch and generation that are written down; zeros where none are. What cannot be read is an error: taken for zeros, an
/// old change would be taken in again.
pub(crate) fn reached(layout: &Layout) -> io::Result<(Epoch, u64)> {
    let path = layout.networking();
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Epoch::default(), 0)),
        read => read?,
    };
    let mut numbers = text.split_whitespace().map(str::parse);
    match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(Ok(epoch)), Some(Ok(generation)), None) => Ok((Epoch(epoch), generation)),
        _ => {
            let because = format!("{} does not hold an epoch and a generation", path.display());
            Err(io::Error::new(io::ErrorKind::InvalidData, because))
        }
    }
}

fn write(layout: &Layout, epoch: Epoch, generation: u64) -> io::Result<()> {
    replace_file(&layout.networking(), format!("{epoch} {generation}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_is_outlives_the_agent_and_a_damaged_note_is_no_fresh_start() {
        let data = tempfile::tempdir().unwrap();
        let layout = Layout::open(data.path()).unwrap();
        assert_eq!(reached(&layout).unwrap(), (Epoch(0), 0));
        write(&layout, Epoch(7), 1_800_000).unwrap();
        assert_eq!(reached(&layout).unwrap(), (Epoch(7), 1_800_000));
        for damaged in ["", "7", "7 x", "7 8 9"] {
            std::fs::write(layout.networking(), damaged).unwrap();
            assert!(
                reached(&layout).unwrap_err().to_string().contains("an epoch and a generation"),
                "{damaged}"
            );
        }
    }
}
