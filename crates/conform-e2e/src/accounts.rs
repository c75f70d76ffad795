//! Who runs the tests: four ordinary accounts, or an administrator who lets Tempest make its own.
//!
//! Facts: Tempest 47 wants distinct users, for each worker a member and a reader of one project and the same again in a
//! second one; it takes names and passwords only, no application credentials. A class that asks for an account that is not
//! there cannot be set up.

use std::collections::BTreeSet;

use kogge_client::config::Credentials;
use kogge_client::{Client, CloudConfig};
use kogge_conform::Problem;
use secrecy::{ExposeSecret, SecretString};

/// The accounts as they were named.
#[derive(Debug, Clone)]
pub enum Accounts {
    /// Ordinary users; what is missing is missing to the tests too.
    Ordinary(Ordinary),
    /// An administrator; Tempest makes projects and users for each class, and removes them.
    Dynamic {
        /// The administrator.
        admin: Client,
        /// An ordinary user, for what an administrator sees differently; the administrator if there is none.
        member: Option<Client>,
    },
}

/// Ordinary users.
#[derive(Debug, Clone)]
pub struct Ordinary {
    /// A member of a project.
    pub member: Client,
    /// A reader of the same project.
    pub reader: Option<Client>,
    /// A member of another project.
    pub alt_member: Option<Client>,
    /// A reader of that other project.
    pub alt_reader: Option<Client>,
}

/// An account that has signed in.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its connection.
    pub client: Client,
    /// Its part: `member`, `reader`, `admin`.
    pub role: &'static str,
    /// The user's name.
    pub user: String,
    /// The id of the user's domain.
    pub user_domain: String,
    /// The name of the user's domain.
    pub user_domain_name: String,
    /// The project's id.
    pub project_id: String,
    /// The project's name.
    pub project: String,
    /// The id of the project's domain.
    pub project_domain: String,
    /// Its password. `Debug` does not show it.
    pub password: SecretString,
}

impl Accounts {
    /// The account as which the cloud is looked at.
    #[must_use]
    pub fn main(&self) -> &Client {
        match self {
            Self::Ordinary(ordinary) => &ordinary.member,
            Self::Dynamic { admin, member } => member.as_ref().unwrap_or(admin),
        }
    }

    /// The account that a report names as its own: the administrator, else the member.
    #[must_use]
    pub fn first(&self) -> &Client {
        match self {
            Self::Ordinary(ordinary) => &ordinary.member,
            Self::Dynamic { admin, .. } => admin,
        }
    }

    /// The configurations of all of them.
    pub fn configs(&self) -> impl Iterator<Item = &CloudConfig> {
        let more = match self {
            Self::Ordinary(_) => None,
            Self::Dynamic { member, .. } => member.as_ref(),
        };
        self.parts().into_iter().map(|(_, client)| client).chain(more).map(Client::config)
    }

    /// All clients with the role that each plays.
    pub(crate) fn parts(&self) -> Vec<(&'static str, &Client)> {
        match self {
            Self::Ordinary(all) => {
                let others =
                    [("reader", &all.reader), ("member", &all.alt_member), ("reader", &all.alt_reader)];
                let others = others.into_iter().filter_map(|(role, client)| Some((role, client.as_ref()?)));
                [("member", &all.member)].into_iter().chain(others).collect()
            }
            Self::Dynamic { admin, .. } => vec![("admin", admin)],
        }
    }

    /// Whether Tempest makes its own accounts.
    #[must_use]
    pub fn dynamic(&self) -> bool {
        matches!(self, Self::Dynamic { .. })
    }
}

/// Signs all accounts in and looks whether they are what Tempest needs.
///
/// # Errors
/// In words: which account, what is wrong with it.
pub async fn sign_in(accounts: &Accounts) -> Result<Vec<Account>, Problem> {
    let mut signed = Vec::new();
    for (role, client) in accounts.parts() {
        signed.push(one(role, client).await?);
    }
    if let Accounts::Ordinary(all) = accounts {
        apart(&signed)?;
        together(&signed, all)?;
    }
    Ok(signed)
}

async fn one(role: &'static str, client: &Client) -> Result<Account, Problem> {
    let config = client.config();
    let name = &config.name;
    let Credentials::Password { password, .. } = &config.credentials else {
        let text =
            "Tempest signs in with a user's name and password only; name a cloud with auth_type v3password";
        return Err(Problem::setup(format!("cloud {name:?}: {text}")));
    };
    let token = client.token().await.map_err(|error| {
        Problem::setup(format!("cloud {name:?} cannot be signed in to: {}", kogge_client::chain(&error)))
    })?;
    let Some(project) = &token.project else {
        return Err(Problem::setup(format!("cloud {name:?} names no project; Tempest needs one")));
    };
    Ok(Account {
        client: client.clone(),
        role,
        user: token.user.name.clone(),
        user_domain: token.user_domain.id.clone(),
        user_domain_name: token.user_domain.name.clone(),
        project_id: project.id.clone(),
        project: project.name.clone(),
        project_domain: token.project_domain.as_ref().map(|domain| domain.id.clone()).unwrap_or_default(),
        password: password.clone(),
    })
}

/// No user may be there twice: Tempest counts it once, and then has too few.
fn apart(accounts: &[Account]) -> Result<(), Problem> {
    let mut seen = BTreeSet::new();
    for account in accounts {
        if !seen.insert((&account.user_domain, &account.user)) {
            let name = &account.client.config().name;
            return Err(Problem::setup(format!(
                "the user {:?} of cloud {name:?} stands for two accounts; Tempest needs a user for each",
                account.user
            )));
        }
    }
    Ok(())
}

/// Member and reader belong together, and the second pair to another project.
fn together(accounts: &[Account], named: &Ordinary) -> Result<(), Problem> {
    let of = |client: &Option<Client>| {
        let name = client.as_ref().map(|client| &client.config().name)?;
        accounts.iter().find(|account| account.client.config().name == *name)
    };
    let (first, reader) = (&accounts[0], of(&named.reader));
    let (alt, alt_reader) = (of(&named.alt_member), of(&named.alt_reader));
    for (member, reader) in [(Some(first), reader), (alt, alt_reader)] {
        if let (Some(member), Some(reader)) = (member, reader)
            && member.project_id != reader.project_id
        {
            return Err(Problem::setup(format!(
                "cloud {:?} must be a reader of the project {:?}, but is for {:?}",
                reader.client.config().name,
                member.project,
                reader.project
            )));
        }
    }
    if let Some(alt) = alt.filter(|alt| alt.project_id == first.project_id) {
        let name = &alt.client.config().name;
        return Err(Problem::setup(format!(
            "cloud {name:?} must be for another project than {:?}",
            first.project
        )));
    }
    Ok(())
}

/// `accounts.yaml` as Tempest reads it. JSON is YAML, and leaves nothing to quote by hand.
///
/// `networks` has the name of a project's network by the project's id.
#[must_use]
pub fn yaml(accounts: &[Account], networks: &[(String, String)]) -> String {
    let entry = |account: &Account| {
        let mut entry = serde_json::json!({
            "username": account.user,
            "password": account.password.expose_secret(),
            "project_name": account.project,
            "user_domain_id": account.user_domain,
            "project_domain_id": account.project_domain,
            "types": [],
            "roles": [account.role],
        });
        if let Some((_, network)) = networks.iter().find(|(project, _)| *project == account.project_id) {
            entry["resources"] = serde_json::json!({ "network": network });
        }
        entry
    };
    let entries: Vec<serde_json::Value> = accounts.iter().map(entry).collect();
    let mut text = String::new();
    for c in format!("{:#}\n", serde_json::Value::from(entries)).chars() {
        match c {
            // YAML forbids what JSON does not
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                text.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => text.push(c),
        }
    }
    text
}
