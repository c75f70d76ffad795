//! Passwords: rules, history, change.

use kogge_clock::Timestamp;

use super::guesses::Guess;
use super::proofs::lock_of_user;
use super::{Client, Identity};
use crate::error::{Error, Result};
use crate::model::{PasswordHash, User};
use crate::secret::Secret;

const DAY: i64 = 86_400_000_000;

impl Identity {
    /// Hashes a password, whatever it is, for whom.
    pub(crate) async fn hash(&self, client: Client, password: Secret) -> Result<String> {
        self.0.hasher.hash(client, password).await
    }

    /// Hashes a new password after looking at its length.
    pub(crate) async fn hash_new(&self, client: Client, password: &Secret) -> Result<String> {
        let security = &self.config().security;
        let text = password.reveal();
        if text.chars().count() < security.minimum_password_length {
            let least = security.minimum_password_length;
            return Err(Error::Invalid(format!(
                "The password does not match the requirements: it has at least {least} characters."
            )));
        }
        if text.len() > security.maximum_password_length {
            let most = security.maximum_password_length;
            return Err(Error::Refused(format!(
                "The password length must be less than or equal to {most}. The server could not comply with the \
                 request because the password is invalid."
            )));
        }
        self.hash(client, password.clone()).await
    }

    /// A password as it is stored: when it expires depends on who set it.
    pub(crate) fn stored(
        &self,
        hash: String,
        self_service: bool,
        options: &crate::model::UserOptions,
    ) -> PasswordHash {
        let security = &self.config().security;
        let now = self.clock().now().as_micros();
        let first_use = !self_service
            && security.change_password_upon_first_use
            && options.ignore_change_password_upon_first_use != Some(true);
        let days = i64::from(security.password_expires_days);
        let expires_at = match (first_use, days) {
            (true, _) => Some(now),
            (false, 0) => None,
            (false, _) if options.ignore_password_expiry == Some(true) => None,
            (false, days) => Some(now + days * DAY),
        };
        PasswordHash { hash, created_at: now, expires_at, self_service }
    }

    /// A user changes their own password, proving the old one. Needs no token: an expired password is changed so.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for whatever is wrong about user and old password, [`Error::Invalid`] for rules.
    pub(crate) async fn change_password(
        &self,
        client: Client,
        user_id: &str,
        original: Secret,
        new: Secret,
    ) -> Result<()> {
        let snapshot = self.snapshot();
        let now = self.clock().now();
        self.0.logins.try_once(&client, user_id)?;
        let usable = snapshot.users.get(user_id).filter(|user| snapshot.is_user_enabled(user));
        let hash = usable.and_then(|user| user.password()).map(|password| password.hash.clone());
        let counted_for = usable.and_then(|user| lock_of_user(user));
        let guess = Guess { client: client.clone(), account: user_id, counted_for, secret: original, hash };
        let right = self.is_right(guess, now).await?;
        let user = usable.filter(|_| right).ok_or(Error::Unauthorized)?;
        self.may_change(user, now)?;
        self.refuse_repetition(&client, user, &new).await?;
        let hash = self.hash_new(client, &new).await?;
        let stored = self.stored(hash, true, &user.options);
        let proven = user.password().cloned();
        self.write(|draft| {
            // another change may have come in between: then this proof is void
            let current = draft.users.get(user_id).filter(|user| user.password() == proven.as_ref());
            let user = current.ok_or(Error::Unauthorized)?;
            let user = self.with_password(user, stored);
            draft.put(user);
            draft.revoke_user(user_id);
            Ok(())
        })
        .await
    }

    fn may_change(&self, user: &User, now: Timestamp) -> Result<()> {
        if user.options.lock_password == Some(true) {
            return Err(Error::invalid(
                "You cannot change your password at this time due to password policy disallowing password changes. \
                 Please contact your administrator to reset your password.",
            ));
        }
        let least = i64::from(self.config().security.minimum_password_age_days);
        let Some(password) = user.password().filter(|password| least > 0 && password.self_service) else {
            return Ok(());
        };
        let left = password.created_at + least * DAY - now.as_micros();
        if left <= 0 {
            return Ok(());
        }
        Err(Error::Invalid(format!(
            "You cannot change your password at this time due to the minimum password age. Once you change your password, \
             it must be used for {least} day(s) before it can be changed. Please try again in {} day(s) or contact your \
             administrator to reset your password.",
            left.div_euclid(DAY)
        )))
    }

    /// Compares with the last passwords, the present one included. Hash by hash: each takes its time.
    async fn refuse_repetition(&self, client: &Client, user: &User, new: &Secret) -> Result<()> {
        let unique = self.config().security.unique_last_passwords;
        if unique == 0 {
            return Ok(());
        }
        for old in user.passwords.iter().rev().take(unique) {
            let entry = self.0.hasher.enter(client.clone(), &user.id)?;
            if self.0.hasher.verify(entry.turn().await?, new.clone(), Some(old.hash.clone())).await? {
                return Err(Error::Invalid(format!(
                    "The new password cannot be identical to a previous password. The total number which includes the \
                     new password must be unique is {unique}."
                )));
            }
        }
        Ok(())
    }

    /// The user with a new password; as many old ones stay as the history needs.
    pub(crate) fn with_password(&self, user: &User, stored: PasswordHash) -> User {
        let mut user = user.clone();
        user.passwords.push(stored);
        let keep = self.config().security.unique_last_passwords.max(1);
        let surplus = user.passwords.len().saturating_sub(keep);
        user.passwords.drain(..surplus);
        user
    }
}
