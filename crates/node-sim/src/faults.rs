//! Faults on demand: any call may fail, hang, or do its work and lose the answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kogge_ids::ServerId;
use kogge_node_api::NodeError;

/// Where a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// `Node::hello`
    Hello,
    /// `Node::facts`
    Facts,
    /// `Node::apply`
    Apply,
    /// `Node::remove`
    Remove,
    /// `Node::observe`, and `Node::observe_since` without a cursor
    Observe,
    /// `Node::observe_since` with a cursor
    Listen,
    /// `Node::set_aside`, `Node::take_back` and `Node::quarantine`
    Quarantine,
    /// `Node::console_output`
    ConsoleOutput,
    /// `Node::open_console`
    OpenConsole,
    /// `Node::put_image`
    PutImage,
    /// `Node::export_disk`
    ExportDisk,
    /// `Node::apply_networking`
    ApplyNetworking,
    /// No call: the node's own work on an instance. Shows in `ObservedInstance::fault`; tried again by the next
    /// `apply`.
    Work,
}

impl Call {
    /// Every place.
    pub const ALL: [Self; 13] = [
        Self::Hello,
        Self::Facts,
        Self::Apply,
        Self::Remove,
        Self::Observe,
        Self::Listen,
        Self::Quarantine,
        Self::ConsoleOutput,
        Self::OpenConsole,
        Self::PutImage,
        Self::ExportDisk,
        Self::ApplyNetworking,
        Self::Work,
    ];
}

/// How often a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// So many calls, then no more.
    N(u32),
    /// Until [`Faults::clear`].
    Forever,
}

/// Orders faults. Cheap to clone; all clones are the same.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    calls: BTreeMap<Call, u64>,
}

struct Rule {
    call: Call,
    server: Option<ServerId>,
    left: Times,
    effect: Effect,
}

/// What a rule does to a call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// Nothing is done.
    Fail(NodeError),
    /// Everything is done, but the caller does not learn it.
    LoseAnswer(NodeError),
    /// The call takes so long, then goes on.
    Hang(Duration),
}

impl Faults {
    /// Lets `call` fail for every server, as if the node did not answer.
    pub fn fail(&self, call: Call, times: Times) {
        self.fail_with(call, None, times, injected(call));
    }

    /// Lets `call` fail for one server only. Calls that are about no server never match.
    pub fn fail_for(&self, call: Call, server: ServerId, times: Times) {
        self.fail_with(call, Some(server), times, injected(call));
    }

    /// Lets `call` fail with `error`, for one server or all.
    pub fn fail_with(&self, call: Call, server: Option<ServerId>, times: Times, error: NodeError) {
        self.add(call, server, times, Effect::Fail(error));
    }

    /// Lets `call` do its work and then answer with an error, as when a connection breaks at the wrong moment.
    pub fn lose_answer(&self, call: Call, server: Option<ServerId>, times: Times) {
        self.add(call, server, times, Effect::LoseAnswer(injected(call)));
    }

    /// Lets `call` take `how_long` (of tokio's time) before it goes on. Without effect on [`Call::Work`].
    pub fn hang(&self, call: Call, server: Option<ServerId>, times: Times, how_long: Duration) {
        self.add(call, server, times, Effect::Hang(how_long));
    }

    /// Lets every call fail until [`Faults::clear`]: the host is gone.
    pub fn unreachable(&self) {
        for call in Call::ALL.into_iter().filter(|call| *call != Call::Work) {
            self.fail(call, Times::Forever);
        }
    }

    /// Takes all orders back.
    pub fn clear(&self) {
        self.state().rules.clear();
    }

    /// How often `call` was made so far, failed or not.
    #[must_use]
    pub fn calls(&self, call: Call) -> u64 {
        self.state().calls.get(&call).copied().unwrap_or_default()
    }

    fn add(&self, call: Call, server: Option<ServerId>, left: Times, effect: Effect) {
        self.state().rules.push(Rule { call, server, left, effect });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the call and uses up the oldest rule that matches it.
    pub(crate) fn strike(&self, call: Call, server: Option<ServerId>) -> Option<Effect> {
        let mut state = self.state();
        *state.calls.entry(call).or_default() += 1;
        let rule = state.rules.iter_mut().find(|rule| {
            rule.call == call && rule.left != Times::N(0) && (rule.server.is_none() || rule.server == server)
        })?;
        if let Times::N(left) = &mut rule.left {
            *left -= 1;
        }
        let effect = rule.effect.clone();
        state.rules.retain(|rule| rule.left != Times::N(0));
        Some(effect)
    }
}

fn injected(call: Call) -> NodeError {
    match call {
        Call::Work => NodeError::failed("starting the guest", "a fault was ordered from the simulator"),
        _ => NodeError::Unreachable {
            host: "simulated".to_owned(),
            because: format!("a fault was ordered for {call:?}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_as_often_as_ordered() {
        let faults = Faults::default();
        faults.fail(Call::Apply, Times::N(2));
        let strikes = (0..4).filter(|_| faults.strike(Call::Apply, None).is_some()).count();
        assert_eq!(strikes, 2);
        assert_eq!(faults.calls(Call::Apply), 4);
    }

    #[test]
    fn a_fault_for_one_server_spares_the_others() {
        let faults = Faults::default();
        let (one, other) = (ServerId::random(), ServerId::random());
        faults.fail_for(Call::Remove, one, Times::Forever);
        assert!(faults.strike(Call::Remove, Some(other)).is_none());
        assert!(faults.strike(Call::Remove, None).is_none());
        assert!(faults.strike(Call::Remove, Some(one)).is_some());
        faults.clear();
        assert!(faults.strike(Call::Remove, Some(one)).is_none());
    }

    #[test]
    fn zero_times_is_never() {
        let faults = Faults::default();
        faults.fail(Call::Facts, Times::N(0));
        assert!(faults.strike(Call::Facts, None).is_none());
    }
}
