//! Where the object store is, and with which key it is spoken to.

use kogge_client::{Client, Method, encode_segment};
use kogge_conform::{Context, Problem};
use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;

use super::CREDENTIAL;
use crate::created::announce_as;
use crate::lookup::text;
use crate::signature::{Signer, USUAL_REGION};

/// Access to an object store over S3. `Debug` shows no secret.
#[derive(Debug, Clone, Default)]
pub struct ObjectStore {
    /// Its address; that of service type `object-store-s3` or `s3` in the catalogue if absent.
    pub endpoint: Option<Url>,
    /// The key; the run's user makes an EC2 credential for itself, and removes it, if absent.
    pub key: Option<S3Key>,
    /// The region that is signed for; `us-east-1`, or what the store asks for, if absent.
    pub region: Option<String>,
}

/// A key of S3. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct S3Key {
    /// Its name.
    pub access_key: String,
    /// Its secret.
    pub secret: SecretString,
}

/// A text that holds no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "it must hold the lines `aws_access_key_id = …` and `aws_secret_access_key = …`, or one line `ACCESS:SECRET`"
)]
pub struct KeyError;

impl S3Key {
    /// Reads the lines of an AWS credentials file (its first profile), or a line `ACCESS:SECRET`.
    ///
    /// # Errors
    /// [`KeyError`], which quotes nothing of the text.
    pub fn read(text: &str) -> Result<Self, KeyError> {
        let value = |name: &str| {
            let pairs = text.lines().filter_map(|line| line.split_once('='));
            pairs.filter(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned()).next()
        };
        let named = value("aws_access_key_id").zip(value("aws_secret_access_key"));
        let line = || {
            let mut lines =
                text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            let (access, secret) = lines.next()?.split_once(':')?;
            lines.next().is_none().then(|| (access.trim().to_owned(), secret.trim().to_owned()))
        };
        let (access_key, secret) = named.or_else(line).ok_or(KeyError)?;
        let sane = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
        if !sane(&access_key) || !sane(&secret) {
            return Err(KeyError);
        }
        Ok(Self { access_key, secret: secret.into() })
    }
}

impl ObjectStore {
    /// The address that is configured or in the catalogue.
    pub(super) async fn address(&self, client: &Client) -> Result<Option<Url>, Problem> {
        if let Some(endpoint) = &self.endpoint {
            return Ok(Some(endpoint.clone()));
        }
        let token = client.token().await?;
        match ["object-store-s3", "s3"].into_iter().find(|kind| token.catalog.has_exactly(kind)) {
            Some(kind) => Ok(Some(client.endpoint(kind).await?)),
            None => Ok(None),
        }
    }
}

/// An address and a signer.
pub(super) struct Access {
    pub(super) endpoint: Url,
    pub(super) signer: Signer,
}

/// An EC2 credential that the run made.
pub(super) struct Credential {
    number: u64,
    user: String,
    access_key: String,
}

impl Access {
    /// With the given key, or with one made for this check.
    pub(super) async fn open(
        context: &Context,
        store: &ObjectStore,
        endpoint: Url,
    ) -> Result<(Self, Option<Credential>), Problem> {
        let (key, credential) = match &store.key {
            Some(key) => (key.clone(), None),
            None => {
                let (key, credential) = Box::pin(make_credential(context)).await?;
                (key, Some(credential))
            }
        };
        Ok((Self::with(store, endpoint, key), credential))
    }

    /// With the given key, or with an EC2 credential that the user has: for removing what an earlier check left.
    pub(super) async fn again(client: &Client, store: &ObjectStore) -> Result<Self, Problem> {
        let endpoint = store.address(client).await?;
        let endpoint =
            endpoint.ok_or_else(|| Problem::setup("the catalogue has no S3, and no address was given"))?;
        let key = match &store.key {
            Some(key) => key.clone(),
            None => kept_key(client).await?,
        };
        Ok(Self::with(store, endpoint, key))
    }

    fn with(store: &ObjectStore, endpoint: Url, key: S3Key) -> Self {
        let region = store.region.clone().unwrap_or_else(|| USUAL_REGION.to_owned());
        Self { endpoint, signer: Signer { access_key: key.access_key, secret: key.secret, region } }
    }
}

/// A credential of the user for the project of the token.
async fn kept_key(client: &Client) -> Result<S3Key, Problem> {
    let token = client.token().await?;
    let project = token.project.as_ref().map(|project| project.id.clone());
    let path = format!("users/{}/credentials/OS-EC2", encode_segment(&token.user.id));
    let all: Vec<Value> = client.list("identity", &path, "credentials").collect().await?;
    let mut mine = all.iter().filter(|one| text(one, "tenant_id") == project);
    let found = mine.find_map(|one| text(one, "access").zip(text(one, "secret")));
    let (access_key, secret) =
        found.ok_or_else(|| Problem::setup("the user has no EC2 credential; give a key of S3"))?;
    Ok(S3Key { access_key, secret: secret.into() })
}

async fn make_credential(context: &Context) -> Result<(S3Key, Credential), Problem> {
    let token = context.client.token().await?;
    let project = token.project.as_ref().map(|project| project.id.clone()).unwrap_or_default();
    // it cannot bear a name of ours: an entry without an id is one whose answer was lost
    let name = context.object_name("0123", "credential");
    let number = announce_as(context, &context.client, CREDENTIAL, &name).await?;
    let path = format!("users/{}/credentials/OS-EC2", encode_segment(&token.user.id));
    let body = json!({"tenant_id": project});
    let answer = context.client.request(Method::POST, "identity", &path, None, Some(&body)).await?;
    let answer = match answer.success() {
        Ok(answer) => answer,
        Err(error) => {
            if crate::created::is_refusal(&error) {
                context.journal.gone(number);
            }
            return Err(error.into());
        }
    };
    let made: Value = answer.json()?;
    let credential = made.get("credential").unwrap_or(&Value::Null);
    let (access_key, secret) = text(credential, "access")
        .zip(text(credential, "secret"))
        .ok_or_else(|| Problem::cloud("the new EC2 credential has no access or no secret"))?;
    context.journal.made(number, &access_key)?;
    let key = S3Key { access_key: access_key.clone(), secret: secret.into() };
    Ok((key, Credential { number, user: token.user.id.clone(), access_key }))
}

pub(super) async fn drop_credential(context: &Context, credential: &Credential) -> Result<(), Problem> {
    remove_credential(&context.client, &credential.user, &credential.access_key).await?;
    context.journal.gone(credential.number);
    Ok(())
}

/// Removes a user's own EC2 credential; one that is gone is fine.
pub(in crate::advisory) async fn remove_credential(
    client: &Client,
    user: &str,
    access_key: &str,
) -> Result<(), Problem> {
    let path = format!("users/{}/credentials/OS-EC2/{}", encode_segment(user), encode_segment(access_key));
    let answer = client.call(Method::DELETE, "identity", &path).send().await?;
    if answer.status.as_u16() != 404 {
        answer.success()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn both_forms_of_a_key_are_read() {
        for text in [
            "[default]\naws_access_key_id = AK\naws_secret_access_key=s/e=cret\n[other]\naws_access_key_id = X\n",
            "# mine\nAK:s/e=cret\n",
        ] {
            let key = S3Key::read(text).unwrap();
            assert_eq!((key.access_key.as_str(), key.secret.expose_secret()), ("AK", "s/e=cret"), "{text}");
            assert!(!format!("{key:?}").contains("cret\""));
        }
    }

    #[test]
    fn a_text_without_a_key_is_told_without_quoting_it() {
        for text in ["", "geheim", "a:b\nc:d", ":x", "a:", "aws_access_key_id = A\n", "a:b\u{7}"] {
            let error = S3Key::read(text).unwrap_err();
            assert!(!error.to_string().contains("geheim"));
        }
    }
}
