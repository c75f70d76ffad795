//! The newest epoch that this node obeyed, kept over its restarts.

use std::io;

use kogge_node_api::Epoch;

use crate::layout::{Layout, replace_file};

/// The epoch that is written down; 0 where none is. One that cannot be read is an error: taken for 0, an old commander
/// would be obeyed again.
pub(crate) fn read(layout: &Layout) -> io::Result<Epoch> {
    let path = layout.epoch();
    match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Epoch::default()),
        Err(error) => Err(error),
        Ok(text) => text.trim().parse().map(Epoch).map_err(|error| {
            let because = format!("{} holds no epoch: {error}", path.display());
            io::Error::new(io::ErrorKind::InvalidData, because)
        }),
    }
}

/// Writes it down.
pub(crate) fn write(layout: &Layout, epoch: Epoch) -> io::Result<()> {
    replace_file(&layout.epoch(), format!("{epoch}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_outlives_the_agent_and_a_damaged_one_is_no_fresh_start() {
        let data = tempfile::tempdir().unwrap();
        let layout = Layout::open(data.path()).unwrap();
        assert_eq!(read(&layout).unwrap(), Epoch(0));
        write(&layout, Epoch(7)).unwrap();
        assert_eq!(read(&layout).unwrap(), Epoch(7));
        std::fs::write(layout.epoch(), "seven").unwrap();
        assert!(read(&layout).unwrap_err().to_string().contains("holds no epoch"));
    }
}
