//! Upstream's condition for the whole suite: an ordinary member, and nothing more.

use kogge_conform::{Context, Problem};
use kogge_standards::key_manager::unsuitable;

struct Suitable;

/// Succeeds if the token carries role `member` and neither `admin` nor `manager`.
///
/// The suite refuses powerful users, since a check that passes for them may fail for everybody else.
pub(crate) async fn member_only(context: &Context) -> Result<(), Problem> {
    let ask = async {
        let token = context.client.token().await?;
        match unsuitable(token.roles.iter().map(String::as_str)) {
            None => Ok(Suitable),
            Some(f) => Err(Problem::setup(format!(
                "user {:?} cannot run the checks: expected {}, found roles {}; {}",
                token.user.name, f.expected, f.found, f.fix
            ))),
        }
    };
    context.shared.get(ask).await.map(|_: std::sync::Arc<Suitable>| ())
}
