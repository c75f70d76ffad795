//! Which database belongs to which data directory.
//!
//! Every cloud has an id: in its database, in the data directory of each machine, on each node and on each instance
//! there. A database that is the wrong one, or was lost, is refused before anything is done with it: it would not know
//! the guests and images of this directory. What is from a version before clouds had ids gets one the first time.
//!
//! ```text
//!   directory ╲ database   blank           without id      of this cloud   of another cloud
//!   without id, empty      a new cloud     joins           —               joins
//!   without id, in use     refused         marked          —               joins
//!   with id                refused         refused         goes on         refused
//! ```
//!
//! `--adopt-database` is an operator's word that the two belong together, and overrules every refusal.

mod store;

use std::path::Path;

use kogge_clock::Clock;
use kogge_db::Db;
use kogge_ids::CloudId;

pub(super) use store::MIGRATIONS;

use crate::data_dir::{self, DataDir, write_private};
use crate::exit::Failure;

/// Name of the file in the data directory.
const FILE: &str = data_dir::CLOUD_ID;

/// What the database says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Database {
    /// There is none yet.
    Blank,
    /// It is from a version before clouds had ids.
    Unmarked,
    /// It belongs to a cloud.
    Of(CloudId),
}

/// What the data directory holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Holdings {
    cloud: Option<CloudId>,
    instances: usize,
    images: usize,
}

impl Holdings {
    fn of(data: &DataDir) -> std::io::Result<Self> {
        Ok(Self {
            cloud: read(&data.join(FILE))?,
            instances: kogge_node::instances(&data.join("node"))?,
            images: files(&data.join("images/data"))?,
        })
    }

    const fn is_empty(&self) -> bool {
        self.instances == 0 && self.images == 0
    }
}

/// A data directory that was looked at, before its database is opened.
pub(super) struct Belonging<'a> {
    data: &'a DataDir,
    holdings: Holdings,
    /// Where the database is, in words for operators.
    place: String,
    adopt: bool,
}

impl<'a> Belonging<'a> {
    /// Looks at the directory. `place` says where the database is.
    pub(super) fn look(data: &'a DataDir, place: String, adopt: bool) -> Result<Self, Failure> {
        let holdings = Holdings::of(data)
            .map_err(|error| Failure::outside(&format!("looking at {}", data.path().display()), error))?;
        Ok(Self { data, holdings, place, adopt })
    }

    /// Refuses a database that is not there, or that nothing was ever kept in, where the directory knows of another one.
    /// Nothing was made or changed until then.
    pub(super) fn refuse_blank(&self) -> Result<(), Failure> {
        judge(&self.holdings, Database::Blank, self.adopt)
            .map(drop)
            .map_err(|()| self.refusal(Database::Blank))
    }

    /// Takes the database for this directory's, or refuses it; answers the cloud's id. The schema is up to date.
    pub(super) async fn settle(&self, db: &Db, blank: bool, clock: &Clock) -> Result<CloudId, Failure> {
        let failed = |error| Failure::outside("reading the cloud's id from the database", error);
        let known = store::id(db).await.map_err(failed)?;
        let database = match known {
            Some(id) => Database::Of(id),
            None if blank => Database::Blank,
            None => Database::Unmarked,
        };
        let wanted = judge(&self.holdings, database, self.adopt).map_err(|()| self.refusal(database))?;
        // another process may have marked the database meanwhile
        let id = store::open(db, wanted, clock.now()).await.map_err(failed)?;
        if self.adopt || self.holdings.cloud != Some(id) {
            self.mark(id).map_err(|error| {
                Failure::outside(&format!("marking {}", self.data.path().display()), error)
            })?;
        }
        Ok(id)
    }

    /// Lets the directory belong to the cloud: the node first, so that a kill in between ends in the same refusal.
    fn mark(&self, id: CloudId) -> std::io::Result<()> {
        if self.adopt || self.holdings.cloud.is_none() {
            kogge_node::adopt(&self.data.join("node"), id)?;
        }
        let holds = (self.holdings.instances, self.holdings.images);
        tracing::info!(cloud.id = %id, instances = holds.0, images = holds.1, "the data directory belongs to this cloud now");
        write_private(&self.data.join(FILE), &format!("{id}\n"))
    }

    fn refusal(&self, database: Database) -> Failure {
        let Holdings { cloud, instances, images } = self.holdings;
        let (place, data) = (&self.place, self.data.path().display());
        let is = match database {
            Database::Blank => format!("the database ({place}) is missing or empty"),
            Database::Unmarked => format!("the database ({place}) bears no cloud's id"),
            Database::Of(other) => format!("the database ({place}) belongs to cloud {other}"),
        };
        let but = match cloud {
            Some(id) => format!("the data directory {data} belongs to cloud {id}"),
            None => format!("the data directory {data} is in use"),
        };
        Failure::Outside(format!(
            "{is}, but {but} and holds {instances} guests and {images} images. Nothing was changed, and guests that run go \
             on.\nPut the right database back (a SQLite file together with its -wal), name the right one (database.url) or \
             the right directory (--data), or restore a backup (`kogge restore`). If these two shall belong together from \
             now on, say so with `kogge up --adopt-database`: guests that the database does not know are kept in \
             quarantine (`kogge quarantine list`)."
        ))
    }
}

/// The id that both shall bear; `Err` where they do not belong together.
fn judge(holdings: &Holdings, database: Database, adopt: bool) -> Result<CloudId, ()> {
    match (holdings.cloud, database) {
        (None, Database::Blank) if holdings.is_empty() || adopt => Ok(CloudId::random()),
        (None, Database::Blank) => Err(()),
        (None, Database::Unmarked) => Ok(CloudId::random()),
        (None, Database::Of(id)) => Ok(id),
        (Some(own), Database::Of(id)) if own == id || adopt => Ok(id),
        (Some(own), Database::Blank | Database::Unmarked) if adopt => Ok(own),
        (Some(_), _) => Err(()),
    }
}

fn read(path: &Path) -> std::io::Result<Option<CloudId>> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        Ok(text) => text.trim().parse().map(Some).map_err(|error| {
            let because = format!("{}: {error}", path.display());
            std::io::Error::new(std::io::ErrorKind::InvalidData, because)
        }),
    }
}

fn files(dir: &Path) -> std::io::Result<usize> {
    match std::fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        entries => Ok(entries?.count()),
    }
}

#[cfg(test)]
mod tests;
