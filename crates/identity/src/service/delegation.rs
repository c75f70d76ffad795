//! Tokens that stand for less than their user, and which of the user's secrets they may touch.
//!
//! * The token of a *restricted* application credential touches no secret: no key pair, no credential, no other
//!   application credential, no access rule. Keystone refuses to make and delete application credentials with it; key pairs
//!   and credentials are the way around that (CVE-2026-33551), and reading one is as good as making one.
//! * The token of an *unrestricted* one stays on its project, and touches only those key pairs that it made itself: a pair
//!   made with a password signs with all roles of its user.
//! * The token of a signature stays on its project too, and manages no application credentials.

use kogge_auth::Caller;

use crate::error::{Error, Result};

const SIGNATURE: &str = "ec2credential";

fn is_signature(caller: &Caller) -> bool {
    caller.token.methods.iter().any(|method| method == SIGNATURE)
}

/// Refuses the token of a restricted application credential.
///
/// # Errors
/// [`Error::Forbidden`] that says what it may not manage.
pub(crate) fn refuse_restricted(caller: &Caller, what: &str) -> Result<()> {
    if caller.token.unrestricted {
        return Ok(());
    }
    let action =
        format!("Using method 'application_credential' is not allowed for managing additional {what}.");
    Err(Error::Forbidden { action })
}

/// Refuses a token that stands for a signature.
///
/// # Errors
/// [`Error::Refused`].
pub(crate) fn refuse_signature(caller: &Caller) -> Result<()> {
    if is_signature(caller) {
        let because = "Cannot manage application credentials with a token issued via delegation.";
        return Err(Error::Refused(because.to_owned()));
    }
    Ok(())
}

/// A delegated token stays inside its project.
///
/// # Errors
/// [`Error::Forbidden`] for anything of another project, or of none.
pub(crate) fn in_scope(caller: &Caller, project_id: Option<&str>) -> Result<()> {
    let delegated = caller.token.application_credential.is_some() || is_signature(caller);
    if !delegated || project_id == caller.project_id().map(kogge_ids::ProjectId::as_str) {
        return Ok(());
    }
    let action = "Credential project does not match the project scope of the delegated token".to_owned();
    Err(Error::Forbidden { action })
}

/// The token of an application credential touches the key pairs that are bound to the same one; `bound_to` is the one that
/// a pair is bound to.
///
/// # Errors
/// [`Error::Forbidden`] for others.
pub(super) fn own_pair(caller: &Caller, bound_to: Option<&str>) -> Result<()> {
    let own = caller.token.application_credential.as_ref().map(kogge_ids::ApplicationCredentialId::as_str);
    if own.is_none() || own == bound_to {
        return Ok(());
    }
    let action = "Key pair was not made with the application credential of the token".to_owned();
    Err(Error::Forbidden { action })
}

/// Whether the token may be shown an application credential of that id: a restricted one sees itself only.
pub(crate) fn sees_credential(caller: &Caller, id: &str) -> bool {
    let own = caller.token.application_credential.as_ref().map(kogge_ids::ApplicationCredentialId::as_str);
    caller.token.unrestricted || own == Some(id)
}
