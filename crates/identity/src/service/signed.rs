//! Tokens for signed requests: `/v3/ec2tokens` and `/v3/s3tokens`.

use kogge_auth::{Caller, Rule, Target};
use kogge_clock::Timestamp;

use super::signatures::{SignedRequest, is_s3_signed_by};
use super::{Identity, KeyPair, Resolved};
use crate::error::{Error, Result};
use crate::policy;

/// How far a signature's date may lie from now, in seconds.
const GOOD_FOR_SECONDS: u64 = 900;

impl Identity {
    /// A token for a signed EC2 request.
    ///
    /// # Errors
    /// 403 by the policy, 404 for an unknown access key, 401 for a signature that does not hold.
    pub(crate) fn ec2_token(&self, caller: &Caller, request: &SignedRequest) -> Result<(String, Resolved)> {
        let pair = self.pair_for(caller, &policy::EC2TOKENS_VALIDATE, &request.access)?;
        let secret = pair.secret.as_ref().ok_or(Error::Unauthorized)?;
        if !request.is_signed_by(secret.reveal()) || !self.is_fresh(request.moment()) {
            return Err(Error::Unauthorized);
        }
        self.issue_for_signature(&pair)
    }

    /// A token for a signed S3 request; `text` is the string that was signed.
    ///
    /// # Errors
    /// As for [`Identity::ec2_token`].
    pub(crate) fn s3_token(
        &self,
        caller: &Caller,
        access: &str,
        text: &str,
        signature: &str,
    ) -> Result<(String, Resolved)> {
        let pair = self.pair_for(caller, &policy::S3TOKENS_VALIDATE, access)?;
        let secret = pair.secret.as_ref().ok_or(Error::Unauthorized)?;
        if !is_s3_signed_by(secret.reveal(), text, signature) || !self.is_fresh(text.split('\n').nth(1)) {
            return Err(Error::Unauthorized);
        }
        self.issue_for_signature(&pair)
    }

    fn pair_for(&self, caller: &Caller, rule: &Rule, access: &str) -> Result<KeyPair> {
        super::permission::allow(caller, rule, &Target::own(caller))?;
        self.key_pair_of(access)?.ok_or_else(|| Error::Missing("EC2 access key not found.".to_owned()))
    }

    /// True for a signature dated within a quarter of an hour, before or after: a clock that goes a little wrong is borne,
    /// and no signature is good for longer. One without a date would be good for ever, so it is good for nothing.
    fn is_fresh(&self, moment: Option<&str>) -> bool {
        let signed = moment.and_then(|text| text.parse::<Timestamp>().ok().or_else(|| basic(text)));
        let (now, leeway) = (self.clock().now(), std::time::Duration::from_secs(GOOD_FOR_SECONDS));
        signed.is_some_and(|signed| now <= signed.plus(leeway) && signed <= now.plus(leeway))
    }
}

/// `20260101T000000Z`.
fn basic(text: &str) -> Option<Timestamp> {
    if text.len() != 16 || !text.is_ascii() {
        return None;
    }
    let (date, time) = (&text[..8], &text[9..15]);
    let (year, month, day) = (&date[..4], &date[4..6], &date[6..]);
    format!("{year}-{month}-{day}T{}:{}:{}Z", &time[..2], &time[2..4], &time[4..]).parse().ok()
}
