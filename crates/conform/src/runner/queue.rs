//! Which check begins next.
//!
//! Checks that only read run beside each other. Experiments, which need quota or a machine, run one after the other, as
//! upstream's do: two of them at once would compete for a quota that is enough for each. Advice comes when everything
//! else has ended, so that no official verdict ever depends on it.

use std::cmp::Reverse;

use crate::check::{Check, Description, Section};

/// The checks that have not begun, and what keeps some of them waiting.
pub(super) struct Queue<'a> {
    waiting: Vec<(usize, &'a dyn Check)>,
    experiment_runs: bool,
    /// How many run that are no advice.
    before_advice: usize,
}

fn is_experiment(check: &Description) -> bool {
    !check.creates.is_empty()
}

fn is_advice(check: &Description) -> bool {
    check.section == Section::Advisory
}

impl<'a> Queue<'a> {
    /// All checks with their places: advice last, and else the longest first, for a run lasts as long as its longest
    /// experiment if that does not wait for the lists of others.
    pub(super) fn new(checks: &'a [Box<dyn Check>]) -> Self {
        let mut waiting: Vec<_> = checks.iter().map(|check| &**check).enumerate().collect();
        waiting.sort_by_key(|(_, check)| {
            let description = check.description();
            (is_advice(description), Reverse(description.deadline))
        });
        Self { waiting, experiment_runs: false, before_advice: 0 }
    }

    /// The next check that may begin now, with its place.
    pub(super) fn next(&mut self) -> Option<(usize, &'a dyn Check)> {
        let others_wait = self.waiting.iter().any(|(_, check)| !is_advice(check.description()));
        let official = others_wait || self.before_advice > 0;
        let may = |check: &Description| {
            !(is_experiment(check) && self.experiment_runs || is_advice(check) && official)
        };
        let at = self.waiting.iter().position(|(_, check)| may(check.description()))?;
        let (place, check) = self.waiting.remove(at);
        self.experiment_runs |= is_experiment(check.description());
        self.before_advice += usize::from(!is_advice(check.description()));
        Some((place, check))
    }

    /// One that had begun has ended.
    pub(super) fn ended(&mut self, check: &Description) {
        self.experiment_runs &= !is_experiment(check);
        self.before_advice -= usize::from(!is_advice(check));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Context;
    use crate::outcome::Outcome;
    use std::time::Duration;

    struct Idle(Description);

    #[async_trait::async_trait]
    impl Check for Idle {
        fn description(&self) -> &Description {
            &self.0
        }

        async fn run(&self, _: &Context) -> Outcome {
            Outcome::pass()
        }
    }

    fn check(id: &str, experiment: bool, advice: bool) -> Box<dyn Check> {
        let mut description = Description::reading(id, "", "");
        if experiment {
            description = description.creates(&["volume"], Duration::from_secs(900));
        }
        Box::new(Idle(if advice { description.advisory() } else { description }))
    }

    fn begun(queue: &mut Queue<'_>) -> Vec<String> {
        std::iter::from_fn(|| queue.next()).map(|(_, check)| check.description().id.clone()).collect()
    }

    #[test]
    fn experiments_run_one_at_a_time_and_advice_after_everything_else() {
        let checks = [
            check("advice", false, true),
            check("advice-experiment", true, true),
            check("list", false, false),
            check("backup", true, false),
            check("machine", true, false),
        ];
        let find = |id: &str| checks.iter().map(|c| c.description()).find(|d| d.id == id).unwrap();
        let mut queue = Queue::new(&checks);
        assert_eq!(begun(&mut queue), ["backup", "list"]);
        queue.ended(find("backup"));
        assert_eq!(begun(&mut queue), ["machine"]);
        queue.ended(find("machine"));
        assert!(begun(&mut queue).is_empty(), "a list is still being read");
        queue.ended(find("list"));
        assert_eq!(begun(&mut queue), ["advice-experiment", "advice"]);
    }
}
