//! Rotation of the token keys.

use std::time::Duration;

use super::Identity;
use crate::error::Result;

impl Identity {
    /// Rotates the token keys now. Tokens sealed with the keys that stay are still good.
    ///
    /// # Errors
    /// Where the key directory cannot be written.
    pub fn rotate_keys(&self) -> Result<()> {
        Ok(self.token_keys().rotate()?)
    }

    /// Rotates the token keys if the last rotation is long enough ago; answers whether it was.
    pub(crate) fn rotate_keys_if_due(&self) -> Result<bool> {
        let period = self.config().key_rotation_seconds;
        let since = self.clock().now().since(self.token_keys().last_rotation()?);
        let due = period > 0 && since >= Duration::from_secs(period);
        if due {
            self.rotate_keys()?;
        }
        Ok(due)
    }

    /// Forgets rates and failures of accounts that were quiet or are gone.
    pub(crate) fn tidy_logins(&self) {
        let snapshot = self.snapshot();
        self.0.revocations.tidy();
        self.0.logins.tidy(self.clock().now(), |counted_for| super::proofs::exists(&snapshot, counted_for));
    }
}
