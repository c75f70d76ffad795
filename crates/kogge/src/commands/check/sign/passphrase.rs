//! The passphrase of a private key: from the environment, else from the terminal.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use ssh_key::PrivateKey;

/// The variable that holds it where nobody sits at a terminal.
const VARIABLE: &str = "KOGGE_SIGN_PASSPHRASE";
/// How often a person may try.
const TRIES: usize = 3;

/// The key, decrypted.
///
/// # Errors
/// In words: no or a wrong passphrase.
pub(super) fn unlock(key: &PrivateKey, file: &Path) -> Result<PrivateKey, String> {
    if let Ok(given) = std::env::var(VARIABLE) {
        let given = SecretString::from(given);
        return decrypted(key, &given)
            .ok_or_else(|| format!("the passphrase in {VARIABLE} does not open it"));
    }
    for _ in 0..TRIES {
        let asked = rpassword::prompt_password(format!("Passphrase of {}: ", file.display()));
        let typed = asked.map(SecretString::from).map_err(|error| {
            format!("it has a passphrase, and no terminal to ask for it ({error}); put it into {VARIABLE}")
        })?;
        if let Some(open) = decrypted(key, &typed) {
            return Ok(open);
        }
        eprintln!("That does not open it.");
    }
    Err("no passphrase opened it".to_owned())
}

fn decrypted(key: &PrivateKey, passphrase: &SecretString) -> Option<PrivateKey> {
    key.decrypt(passphrase.expose_secret().as_bytes()).ok()
}
