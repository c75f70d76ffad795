//! Waiting for the cloud: soon at first, then less often, and never for ever.

use std::future::Future;
use std::time::Duration;

use kogge_conform::Problem;
use tokio::time::Instant;

/// The longest pause between two looks.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long a call is tried that gets no answer.
pub(crate) const LOST: Duration = Duration::from_secs(20);

/// What one look showed.
pub(crate) enum Look<T> {
    /// It is as it should be.
    Found(T),
    /// It is not so yet.
    NotYet,
    /// Nothing could be seen this time.
    Unseen(Problem),
}

impl<T> Look<T> {
    /// Found, or not yet.
    pub(crate) fn of(seen: Option<T>) -> Self {
        seen.map_or(Self::NotYet, Self::Found)
    }

    /// A look that went wrong is one at which nothing was seen, if the trouble may pass: a call that was lost, or a
    /// fault of the service.
    pub(crate) fn tolerant(looked: Result<Self, Problem>) -> Result<Self, Problem> {
        match looked {
            Err(problem) if problem.is_passing() || problem.status().is_some_and(|status| status >= 500) => {
                Ok(Self::Unseen(problem))
            }
            other => other,
        }
    }

    /// The same for lost calls only.
    pub(crate) fn patient(looked: Result<Self, Problem>) -> Result<Self, Problem> {
        match looked {
            Err(problem) if problem.is_passing() => Ok(Self::Unseen(problem)),
            other => other,
        }
    }
}

/// Looks until `look` finds something, or the time is over. `what` names what is waited for.
///
/// # Errors
/// An error of `look` is final. In the end: what was waited for, and what kept us from seeing it at the last look.
pub(crate) async fn until<T, F, Fut>(what: &str, time: Duration, mut look: F) -> Result<T, Problem>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Look<T>, Problem>>,
{
    let end = Instant::now() + time;
    let mut pause = Duration::from_millis(200);
    loop {
        let trouble = match look().await? {
            Look::Found(found) => return Ok(found),
            Look::NotYet => None,
            Look::Unseen(problem) => Some(problem),
        };
        if Instant::now() + pause > end {
            let words = format!("{what}: not within {} s", time.as_secs());
            return Err(match trouble {
                None => Problem::cloud(words),
                Some(problem) => problem.reworded(|last| format!("{words}; at the last look: {last}")),
            });
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost() -> Problem {
        let call = Some("GET https://c/v3/volumes/1 (block-storage)".to_owned());
        Problem::Cloud { call, status: Some(502), lost: true, text: "answered 502".to_owned() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_at_which_nothing_was_seen_is_made_again() {
        let mut looks = vec![Look::Found(7), Look::Unseen(lost()), Look::NotYet, Look::Unseen(lost())];
        let found = until("it is there", Duration::from_secs(60), || {
            let look = looks.pop().unwrap_or(Look::NotYet);
            async { Ok(look) }
        });
        assert_eq!(found.await, Ok(7));
    }

    #[tokio::test(start_paused = true)]
    async fn in_the_end_the_last_trouble_is_told_and_stays_what_it_was() {
        let (second, ours) = (Duration::from_secs(1), Problem::ours("not finished within 60 s"));
        let unseen = || async { Ok(Look::<()>::Unseen(lost())) };
        let problem = until("it is there", second, unseen).await.unwrap_err();
        assert!(problem.is_the_clouds() && problem.text().ends_with("answered 502"), "{problem}");
        let problem = until("it is there", second, || async { Ok(Look::<()>::Unseen(ours.clone())) }).await;
        assert!(!problem.unwrap_err().is_the_clouds());
        let problem = until("it is there", second, || async { Ok(Look::<()>::NotYet) }).await.unwrap_err();
        assert_eq!(problem, Problem::cloud("it is there: not within 1 s"));
    }

    #[test]
    fn a_refusal_is_final_and_a_fault_only_where_nothing_else_is_said() {
        let answered = |status, lost| {
            let text = String::new();
            Err::<Look<()>, _>(Problem::Cloud { call: None, status: Some(status), lost, text })
        };
        assert!(Look::tolerant(answered(500, false)).is_ok() && Look::patient(answered(500, false)).is_err());
        assert!(Look::tolerant(answered(502, true)).is_ok() && Look::patient(answered(502, true)).is_ok());
        assert!(Look::tolerant(answered(403, false)).is_err());
    }
}
