//! The rules of identity. Several `impl Identity` blocks, one per subject.

mod assignments;
mod authenticate;
mod authenticator;
mod bounds;
mod catalog;
mod delegation;
mod grants;
mod guesses;
mod hash_queue;
mod hashing;
mod key_pair;
mod keys;
mod logins;
mod names;
mod own_scopes;
mod passwords;
mod patch;
mod path_pattern;
mod permission;
mod projects;
mod proofs;
mod removal;
mod requested_scope;
mod roles;
mod sealed;
mod signatures;
mod signed;
mod summary;
mod tokens;
mod validate;
mod write;

pub(crate) use assignments::{AssignmentFilter, ListedAssignment};
pub(crate) use authenticate::Login;
pub(crate) use bounds::{
    checked_blob, checked_count, checked_description, checked_extra, checked_id, checked_text, described,
};
pub(crate) use delegation::{in_scope, refuse_restricted, refuse_signature, sees_credential};
pub(crate) use grants::Grant;
pub(crate) use hash_queue::Client;
pub(crate) use key_pair::{EC2, Ec2Blob, KeyPair, id_of_access_key, is_ec2};
pub(crate) use names::{NAME, PROJECT_NAME, checked_name, checked_tag, checked_tags, new_id};
pub(crate) use patch::merge;
pub(crate) use permission::{
    domain_for_new, is_seen, own_domain, with_domain, with_group, with_owner, with_project, with_role,
    with_user,
};
pub(crate) use proofs::{CredentialRef, DomainRef, Proof, UserRef};
pub(crate) use requested_scope::{ProjectRef, RequestedScope};
pub(crate) use signatures::SignedRequest;
pub use summary::{ProjectSummary, UserSummary};
pub(crate) use tokens::{Look, PURGED_AT_ONCE};
pub(crate) use validate::{Resolved, ResolvedScope};
pub use write::Draft;

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use kogge_auth::Policies;
use kogge_clock::Clock;
use kogge_db::Db;
use tokio::sync::Mutex;

use crate::config::IdentityConfig;
use crate::error::Result;
use crate::fernet::KeyRepository;
use crate::snapshot::Snapshot;
use crate::store;

/// Most tokens that one user revokes in a minute. Exchanging a token for another costs nothing, and what revokes it lies in
/// memory for two days.
const REVOCATIONS_PER_MINUTE: std::num::NonZeroU32 = std::num::NonZeroU32::MIN.saturating_add(119);

/// What identity needs to live.
#[derive(Debug)]
pub struct IdentityDeps {
    /// The database, migrated ([`crate::MIGRATIONS`]).
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// The policies of all services; callers carry them.
    pub policies: Arc<Policies>,
    /// The data directory: relative key directories are inside.
    pub data_dir: PathBuf,
    /// The operator's choices.
    pub config: IdentityConfig,
}

/// The identity service. Cheap to clone.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Clock,
    policies: Arc<Policies>,
    config: IdentityConfig,
    token_keys: KeyRepository,
    credential_keys: KeyRepository,
    state: ArcSwap<Snapshot>,
    turn: Arc<Mutex<()>>,
    hasher: hashing::Hasher,
    logins: logins::Logins,
    /// Revocations of single tokens, per user: each is kept until the token has ended.
    revocations: logins::Rate,
    catalogs: catalog::CatalogCache,
    opened: kogge_clock::Timestamp,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("version", &self.snapshot().version).finish_non_exhaustive()
    }
}

impl Identity {
    /// Opens identity: reads all of it into memory and the keys from their directories (made where missing).
    ///
    /// # Errors
    /// Where the database or a key directory cannot be used.
    pub async fn open(deps: IdentityDeps) -> Result<Self> {
        let IdentityDeps { db, clock, policies, data_dir, config } = deps;
        let token_keys = KeyRepository::open(data_dir.join(&config.token_keys), config.max_active_keys)?;
        let credential_keys = KeyRepository::open(data_dir.join(&config.credential_keys), usize::MAX)?;
        let opened = clock.now();
        let state = ArcSwap::from_pointee(store::load(&mut (&db).into(), opened).await?);
        let hasher = hashing::Hasher::new(config.security.bcrypt_cost).await?;
        let logins = logins::Logins::new(&config.security);
        Ok(Self(Arc::new(Inner {
            db,
            clock,
            policies,
            config,
            token_keys,
            credential_keys,
            state,
            turn: Arc::new(Mutex::new(())),
            hasher,
            logins,
            revocations: logins::Rate::per_minute(REVOCATIONS_PER_MINUTE),
            catalogs: catalog::CatalogCache::default(),
            opened,
        })))
    }

    /// All that identity knows at this moment.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.state.load_full()
    }

    /// The operator's choices.
    #[must_use]
    pub fn config(&self) -> &IdentityConfig {
        &self.0.config
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The keys of tokens, for rotation.
    pub(crate) fn token_keys(&self) -> &KeyRepository {
        &self.0.token_keys
    }
}
