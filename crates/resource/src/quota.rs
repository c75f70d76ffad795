//! What a project, or a user, may have of something.

use crate::Service;

/// A quota: what is counted, and how a refusal is worded.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    /// The service's name of what is counted: `server_groups`.
    pub resource: &'static str,
    /// How many a holder has, as `n`; `$1` is the holder.
    pub count: &'static str,
    /// Most of it, whatever the quota says; more makes no sense.
    pub most: i64,
    /// What is said to who asks for more.
    pub exceeded: &'static str,
}

/// Whose something is, and whose limits hold for it.
#[derive(Debug, Clone, Copy)]
pub struct Holder<'a> {
    /// The project or user that has it.
    pub id: &'a str,
    /// The project whose limits hold.
    pub project: &'a str,
}

/// A service that counts. The count, the limit and the new row are of one transaction, in which nobody else counts for
/// the same holder: two requests never see the same last place.
pub trait Quotas: Service {
    /// Takes the turn of `holder`, and refuses where one more of what `quota` counts does not fit beside what it has.
    fn charge(
        &self,
        write: &mut Self::Write,
        quota: &Quota,
        holder: Holder<'_>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;
}
