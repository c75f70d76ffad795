//! The data of the first start: roles, projects, accounts, catalog. Idempotent: what is there stays as it is.

mod names;

use kogge_ids::{ProjectId, UserId};

use crate::error::Result;
use crate::model::{
    Actor, Assignment, Endpoint, Extra, Implication, Interface, Kind, PasswordHash, Project, Region, Role,
    Service, Target, User, UserOptions,
};
use crate::secret::Secret;
use crate::service::{Client, Draft, Identity};
use names::id_of;

/// Passwords of the accounts that the seed makes. One that is `None` makes no account.
#[derive(Debug, Clone, Default)]
pub struct SeedAccounts {
    /// `admin`: admin on project `admin`, domain `Default` and the system.
    pub admin: Option<Secret>,
    /// `demo`: member of project `demo`.
    pub demo: Option<Secret>,
    /// `alt_demo`: member of project `alt_demo`.
    pub alt_demo: Option<Secret>,
    /// `demo-reader`: reader of project `demo`.
    pub demo_reader: Option<Secret>,
    /// `alt-demo-reader`: reader of project `alt_demo`.
    pub alt_demo_reader: Option<Secret>,
    /// `domain-manager`: manager of the domain `managed`, as SCS-0302 has it.
    pub domain_manager: Option<Secret>,
}

/// A service for the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedService {
    /// Its type: `compute`. An alias is a service of its own: `volumev3` beside `block-storage`.
    pub kind: String,
    /// Its name: `nova`.
    pub name: String,
    /// Its path on the cloud's address: `/compute/v2.1`.
    pub path: String,
}

const ROLES: [(&str, Option<&str>); 5] = [
    ("admin", Some("manager")),
    ("manager", Some("member")),
    ("member", Some("reader")),
    ("reader", None),
    ("service", None),
];
const PROJECTS: [(&str, &str); 4] = [
    ("admin", "Bootstrap project for initializing the cloud."),
    ("service", "Accounts of the services."),
    ("demo", "For trying things out."),
    ("alt_demo", "For trying things out, apart from demo."),
];
const DEFAULT_DOMAIN: &str = "default";
/// A domain with a manager of its own, who can do nothing in any other.
const MANAGED_DOMAIN: &str = "managed";

/// Where an account has its role.
#[derive(Clone, Copy)]
enum Place {
    /// On a project of the default domain, where the account lives too.
    Project(&'static str),
    /// On the managed domain, where it lives.
    Managed,
}

impl Place {
    /// The domain of the account.
    fn domain(self) -> String {
        match self {
            Self::Project(_) => DEFAULT_DOMAIN.to_owned(),
            Self::Managed => id_of("domain", MANAGED_DOMAIN),
        }
    }
}

/// An account to make.
struct Account {
    name: &'static str,
    hash: String,
    place: Place,
    role: &'static str,
}

impl Identity {
    /// Makes the domains `Default` and `managed`, the roles and what they imply, the projects `admin`, `service`, `demo` and
    /// `alt_demo`, the accounts, the region and the catalog, as far as they are missing. Ids are derived from names, so a second
    /// cloud has the same ones.
    /// Endpoints that the seed made follow a changed path.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn seed(&self, accounts: SeedAccounts, services: &[SeedService]) -> Result<()> {
        let accounts = self.hashed(accounts).await?;
        let region = self.config().region.clone();
        self.write(|draft| {
            projects(draft);
            roles(draft);
            for account in accounts {
                make_account(draft, account);
            }
            catalog(draft, &region, services);
            Ok(())
        })
        .await
    }

    async fn hashed(&self, accounts: SeedAccounts) -> Result<Vec<Account>> {
        let wanted = [
            ("admin", accounts.admin, Place::Project("admin"), "admin"),
            ("demo", accounts.demo, Place::Project("demo"), "member"),
            ("alt_demo", accounts.alt_demo, Place::Project("alt_demo"), "member"),
            ("demo-reader", accounts.demo_reader, Place::Project("demo"), "reader"),
            ("alt-demo-reader", accounts.alt_demo_reader, Place::Project("alt_demo"), "reader"),
            ("domain-manager", accounts.domain_manager, Place::Managed, "manager"),
        ];
        let snapshot = self.snapshot();
        let mut hashed = Vec::new();
        for (name, password, place, role) in wanted {
            // hashing takes a quarter of a second: not for accounts that are there
            // an account that cannot be read may have another password, or be disabled: it is not made anew
            let there = snapshot.user_named(&place.domain(), name).is_some()
                || snapshot.is_unreadable(Kind::User, &id_of("user", name));
            let Some(password) = password.filter(|_| !there) else { continue };
            hashed.push(Account { name, hash: self.hash(Client::Inside, password).await?, place, role });
        }
        Ok(hashed)
    }

    /// Id of the project that the seed made under that name.
    #[must_use]
    pub fn seeded_project(&self, name: &str) -> Option<ProjectId> {
        self.snapshot().project_named(DEFAULT_DOMAIN, name)?.id.parse().ok()
    }

    /// Id of the user that the seed made under that name.
    #[must_use]
    pub fn seeded_user(&self, name: &str) -> Option<UserId> {
        self.snapshot().user_named(DEFAULT_DOMAIN, name)?.id.parse().ok()
    }
}

fn project(id: String, name: &str, description: &str, domain: Option<&str>) -> Project {
    Project {
        id,
        name: name.to_owned(),
        domain_id: domain.map(str::to_owned),
        parent_id: domain.map(str::to_owned),
        is_domain: domain.is_none(),
        description: description.to_owned(),
        enabled: true,
        tags: Vec::new(),
        immutable: None,
        extra: Extra::new(),
    }
}

fn projects(draft: &mut Draft) {
    if draft.domain(DEFAULT_DOMAIN).is_none() {
        draft.put(project(DEFAULT_DOMAIN.to_owned(), "Default", "The default domain", None));
    }
    let managed = id_of("domain", MANAGED_DOMAIN);
    let there = draft.domain_named(MANAGED_DOMAIN).is_some() || draft.is_unreadable(Kind::Project, &managed);
    if !there {
        draft.put(project(managed, MANAGED_DOMAIN, "A domain with a manager of its own.", None));
    }
    for (name, description) in PROJECTS {
        let id = id_of("project", name);
        if draft.project_named(DEFAULT_DOMAIN, name).is_none() && !draft.is_unreadable(Kind::Project, &id) {
            draft.put(project(id, name, description, Some(DEFAULT_DOMAIN)));
        }
    }
}

fn roles(draft: &mut Draft) {
    for (name, _) in ROLES {
        if draft.role_named(name).is_none() {
            // protected from a slip of the hand, as `keystone-manage bootstrap` makes them
            let immutable = Some(true);
            let (id, name) = (id_of("role", name), name.to_owned());
            draft.put(Role { id, name, domain_id: None, description: None, immutable, extra: Extra::new() });
        }
    }
    for (prior, implied) in ROLES {
        let ids = implied.and_then(|implied| {
            Some((draft.role_named(prior)?.id.clone(), draft.role_named(implied)?.id.clone()))
        });
        if let Some((prior, implied)) = ids
            && draft.implications.get(&format!("{prior}|{implied}")).is_none()
        {
            draft.put(Implication { prior, implied });
        }
    }
}

fn make_account(draft: &mut Draft, account: Account) {
    let now = draft.now.as_micros();
    let target = match account.place {
        Place::Project(name) => {
            draft.project_named(DEFAULT_DOMAIN, name).map(|project| Target::Project(project.id.clone()))
        }
        Place::Managed => {
            draft.domain(&account.place.domain()).map(|domain| Target::Domain(domain.id.clone()))
        }
    };
    let Some(target) = target else { return };
    let Some(role_id) = draft.role_named(account.role).map(|role| role.id.clone()) else { return };
    let id = id_of("user", account.name);
    let password =
        PasswordHash { hash: account.hash, created_at: now, expires_at: None, self_service: false };
    draft.put(User {
        id: id.clone(),
        name: account.name.to_owned(),
        domain_id: account.place.domain(),
        enabled: true,
        default_project_id: None,
        passwords: vec![password],
        options: UserOptions::default(),
        created_at: now,
        extra: Extra::new(),
    });
    let mut targets = vec![target];
    if account.role == "admin" {
        targets.extend([Target::Domain(DEFAULT_DOMAIN.to_owned()), Target::System]);
    }
    for target in targets {
        let actor = Actor::User(id.clone());
        draft.put(Assignment { actor, target, role_id: role_id.clone(), inherited: false });
    }
}

fn catalog(draft: &mut Draft, region: &str, services: &[SeedService]) {
    if draft.regions.get(region).is_none() {
        let (id, description) = (region.to_owned(), String::new());
        draft.put(Region { id, parent_region_id: None, description, extra: Extra::new() });
    }
    for service in services {
        let existing =
            draft.services.iter().find(|found| found.kind == service.kind).map(|found| found.id.clone());
        let service_id = existing.unwrap_or_else(|| {
            let id = id_of("service", &service.kind);
            let extra = Extra::from_iter([("name".to_owned(), service.name.clone().into())]);
            draft.put(Service { id: id.clone(), kind: service.kind.clone(), enabled: true, extra });
            id
        });
        for interface in [Interface::Public, Interface::Internal, Interface::Admin] {
            endpoint(draft, region, service, &service_id, interface);
        }
    }
}

/// Makes an endpoint, or moves the one that the seed made; what an operator made or changed to a full URL stays.
fn endpoint(draft: &mut Draft, region: &str, service: &SeedService, service_id: &str, interface: Interface) {
    let id = id_of("endpoint", &format!("{region}/{}/{}", service.kind, interface.as_str()));
    let others = draft.endpoints.iter().any(|endpoint| {
        endpoint.id != id
            && endpoint.service_id == service_id
            && endpoint.interface == interface
            && endpoint.region_id.as_deref() == Some(region)
    });
    let own = draft.endpoints.get(&id).map(|endpoint| (**endpoint).clone());
    let moved = own.as_ref().is_none_or(|own| own.url.starts_with('/') && own.url != service.path);
    if others || !moved {
        return;
    }
    let made = Endpoint {
        id,
        service_id: service_id.to_owned(),
        interface,
        region_id: Some(region.to_owned()),
        url: service.path.clone(),
        enabled: true,
        extra: Extra::new(),
    };
    draft.put(own.map_or(made, |own| Endpoint { url: service.path.clone(), ..own }));
}
