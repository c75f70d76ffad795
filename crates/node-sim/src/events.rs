//! What happens to nodes and guests in real life, on demand.

use kogge_ids::ServerId;
use kogge_node_api::{InstanceState, NodeError};

use crate::console::{Mark, push};
use crate::node::SimNode;

impl SimNode {
    /// The guest's process ends with an error. False where it did not run.
    pub fn crash_guest(&self, id: ServerId, why: &str) -> bool {
        self.strike_guest(id, |instance| {
            push(&mut instance.marks, Mark::Panic(why.to_owned()));
            instance.state = InstanceState::Crashed;
            instance.fault = Some(NodeError::failed("running the guest", why));
        })
    }

    /// The guest powers itself off. It stays off until a newer generation says otherwise. False where it did not
    /// run.
    pub fn guest_powers_off(&self, id: ServerId) -> bool {
        self.strike_guest(id, |instance| {
            push(&mut instance.marks, Mark::Down);
            instance.state = InstanceState::Stopped;
        })
    }

    /// From now on the guest lets no interface or volume go while it runs, or does again: then it lets go of what it kept. False
    /// where there is no such guest.
    pub fn guest_clings(&self, id: ServerId, clings: bool) -> bool {
        self.change_guest(id, |instance| {
            instance.clings = clings;
            if !clings {
                instance.shells.clear();
                if instance.is_alive() && instance.reached == instance.desired.generation {
                    instance.volumes.plug(&instance.desired, false, instance.full);
                }
            }
        })
    }

    /// From now on a running guest has no slot for a further interface or volume, or has some again; what it lacks it gets at
    /// its next start. False where there is no such guest.
    pub fn guest_is_full(&self, id: ServerId, full: bool) -> bool {
        self.change_guest(id, |instance| instance.full = full)
    }

    fn change_guest(&self, id: ServerId, change: impl FnOnce(&mut crate::instance::Instance)) -> bool {
        self.settle();
        let found = self.with(|state| state.instances.get_mut(&id).map(change).is_some());
        self.note([id]);
        found
    }

    /// Everything that the node keeps of an instance is lost, disks and all. False where there was nothing.
    pub fn lose(&self, id: ServerId) -> bool {
        self.settle();
        let lost = self.with(|state| state.instances.remove(&id).is_some());
        self.note([id]);
        lost
    }

    /// The agent's process ends and is started again: guests do not notice, work under way begins anew.
    pub fn restart_agent(&self) {
        self.settle();
        let now = self.now();
        self.with(|state| {
            for instance in state.instances.values_mut().filter(|i| i.due.is_some()) {
                instance.due = Some(now.plus(crate::work::duration(instance, &self.delays())));
            }
        });
        self.begin_anew();
    }

    /// The machine loses power and comes back: what ran is started again, networking has to be applied again.
    pub fn reboot_host(&self) {
        self.settle();
        self.with(|state| {
            state.networking = Default::default();
            for instance in state.instances.values_mut().filter(|i| i.is_alive()) {
                crate::work::wire(instance, false);
                push(&mut instance.marks, Mark::Boot);
            }
        });
        self.begin_anew();
    }

    /// Finishes the work that is due by the clock. Needed only with a fake clock, after advancing it.
    pub fn tick(&self) {
        self.settle();
    }

    fn strike_guest(&self, id: ServerId, change: impl FnOnce(&mut crate::instance::Instance)) -> bool {
        self.settle();
        let struck = self.with(|state| match state.instances.get_mut(&id) {
            Some(instance) if instance.is_alive() => {
                change(instance);
                true
            }
            _ => false,
        });
        self.note([id]);
        struck
    }
}
