//! Waiting for the cloud: soon at first, then less often, and never for ever.

use std::future::Future;
use std::time::Duration;

use kogge_conform::Problem;
use tokio::time::Instant;

/// The longest pause between two looks.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Looks until `look` finds something, or the time is over. `what` names what is waited for.
pub(crate) async fn until<T, F, Fut>(what: &str, time: Duration, mut look: F) -> Result<T, Problem>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Option<T>, Problem>>,
{
    let end = Instant::now() + time;
    let mut pause = Duration::from_millis(200);
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if Instant::now() + pause > end {
            return Err(Problem::new(format!("{what}: not within {} s", time.as_secs())));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
}
