//! The object store over S3, with keys that work: what upstream only looks at from outside (SCS-0123).
//!
//! Each check makes a bucket of its own, named for the run and written down before it is made, and removes it with all
//! that is in it. Buckets are found by path, since a name in front of the host needs a DNS of its own.

mod bucket;
mod key;
mod multipart;
mod objects;
mod signatures;
mod xml;

pub(super) use bucket::remove_bucket;
pub(super) use key::remove_credential;
pub use key::{KeyError, ObjectStore, S3Key};

use kogge_conform::{Context, Problem};

use self::bucket::Bucket;
use self::key::Access;
use super::Looked;

/// The word for a bucket in the journal.
pub(super) const BUCKET: &str = "bucket";

/// The word for an EC2 credential in the journal.
pub(super) const CREDENTIAL: &str = "EC2 credential";

/// What one of the checks wants to know.
#[derive(Debug, Clone, Copy)]
pub(super) enum Question {
    Objects,
    Multipart,
    Signatures,
}

impl Question {
    const fn word(self) -> &'static str {
        match self {
            Self::Objects => "objects",
            Self::Multipart => "multipart",
            Self::Signatures => "signatures",
        }
    }
}

/// The answer to one question.
pub(super) async fn look(
    context: &Context,
    store: Option<&ObjectStore>,
    question: Question,
) -> Result<Looked, Problem> {
    let Some(store) = store else {
        return Ok(match ObjectStore::default().address(&context.client).await? {
            Some(_) => Looked::NotGiven(
                "no access to the object store was given: --s3, or --s3-access-key-file FILE",
            ),
            None => Looked::NothingThere("the catalogue has no object store"),
        });
    };
    let Some(endpoint) = store.address(&context.client).await? else {
        return Ok(Looked::NothingThere("the catalogue has no S3, and no address of one was given"));
    };
    let (access, credential) = Access::open(context, store, endpoint).await?;
    let looked = Box::pin(with_bucket(context, &access, question)).await;
    if let Some(credential) = credential {
        Box::pin(key::drop_credential(context, &credential)).await?;
    }
    looked
}

async fn with_bucket(context: &Context, access: &Access, question: Question) -> Result<Looked, Problem> {
    let mut bucket = Box::pin(Bucket::make(context, access, question.word())).await?;
    let done = match question {
        Question::Objects => Box::pin(objects::look(&mut bucket)).await,
        Question::Multipart => Box::pin(multipart::look(&mut bucket)).await,
        Question::Signatures => Box::pin(signatures::look(&mut bucket)).await,
    };
    let removed = Box::pin(bucket.remove()).await;
    done?;
    removed?;
    Ok(Looked::Saw(bucket.notices))
}
