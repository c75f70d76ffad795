//! What became of a server, in plain words and in the order of time: for operators.

use kogge_clock::Timestamp;
use kogge_resource::story::{Line, Story};

use crate::model::action::Action;
use crate::model::migration::Migration;
use crate::model::server::{Fault, Server};
use crate::model::state::view;
use crate::model::step::Step;

/// The story of a server; `next` is what is to be done with it now.
#[must_use]
pub fn story(
    server: &Server,
    actions: &[Action],
    moves: &[Migration],
    next: Step,
    now: Timestamp,
) -> Vec<Line> {
    let mut told = Story::default();
    told.tell(server.created_at, asked(server));
    actions.iter().for_each(|action| tell_action(&mut told, action));
    moves.iter().for_each(|one| tell_move(&mut told, one));
    if let Some(at) = server.observed.launched_at {
        told.tell(Timestamp::from_micros(at), "it ran for the first time");
    }
    let faults = [&server.placed.fault, &server.observed.fault];
    faults.into_iter().flatten().for_each(|fault| tell_fault(&mut told, server, fault));
    if let Some(at) = server.deleted_at {
        told.tell(at, "gone: nothing is left of it on any host");
    }
    told.end(now, state(server, next))
}

fn asked(server: &Server) -> String {
    let spec = &server.spec;
    let from = match &server.image {
        Some(image) => format!("with image {}", image.id),
        None => "from a volume".to_owned(),
    };
    let mut what = format!(
        "asked for by user {} in project {}: {} of flavor {} {from}",
        server.user, server.project, server.name, server.shape.name
    );
    if let Some(zone) = &spec.zone {
        what.push_str(&format!(", in zone {zone}"));
    }
    if let Some(host) = &spec.host {
        what.push_str(&format!(", on host {host}"));
    }
    what
}

fn tell_action(told: &mut Story, action: &Action) {
    let name = &action.name;
    told.tell(action.started_at, format!("{name} asked by user {} ({})", action.user, action.request_id));
    if let Some(why) = &action.placed {
        told.tell(action.started_at, format!("{name}: placed on {why}"));
    }
    let Some(ended) = action.finished_at else { return };
    let place = action.host.as_ref().map_or_else(String::new, |host| format!(" on {host}"));
    let took = ended.since(action.started_at).as_secs_f64();
    let what = match &action.message {
        None => format!("{name}: done{place} after {took:.1} s"),
        Some(_) => {
            let why = action.details.as_deref().unwrap_or("nobody noted why");
            format!("{name}: failed{place}: {why}")
        }
    };
    told.tell(ended, what);
}

fn tell_move(told: &mut Story, one: &Migration) {
    let host = |host: &Option<String>| host.clone().unwrap_or_else(|| "no host".to_owned());
    let (kind, from, to) = (one.kind.as_str(), host(&one.source_host), host(&one.dest_host));
    told.tell(one.created_at, format!("{kind} from {from} to {to} begins"));
    told.tell(one.updated_at, format!("{kind} from {from} to {to}: {}", one.status.as_str()));
}

fn tell_fault(told: &mut Story, server: &Server, fault: &Fault) {
    let now = if fault.generation >= server.intent.generation { "" } else { ", which is over" };
    told.tell(Timestamp::from_micros(fault.at), format!("fault{now}: {} ({})", fault.message, fault.details));
}

fn state(server: &Server, next: Step) -> String {
    let view = view(server);
    let host = server.placed.host.as_deref().unwrap_or("no host");
    let (intent, observed) = (&server.intent, &server.observed);
    let task = view.task_state.map_or_else(String::new, |task| format!(", {task}"));
    let mut what = format!("now: {}{task}, on {host}; {}", view.status, words(next));
    if observed.reached < intent.generation && server.placed.host.is_some() {
        what.push_str(&format!(
            "; its host was told generation {} and has reached {} of {}",
            observed.told, observed.reached, intent.generation
        ));
    }
    if observed.failures > 0 {
        what.push_str(&format!("; {} tries failed in a row", observed.failures));
    }
    if let Some(why) = &observed.deferred {
        what.push_str(&format!("; the guest holds up: {why}"));
    }
    what
}

fn words(step: Step) -> String {
    match step {
        Step::Rest => "nothing is left to do".to_owned(),
        Step::Wait(until) => format!("nothing is done before {}", until.seconds_z()),
        Step::Place => "a host is to be found".to_owned(),
        Step::Wipe => "its old disk is to be thrown away".to_owned(),
        Step::Tell => "its host is to be told".to_owned(),
        Step::Watch => "its host works on it".to_owned(),
        Step::Snapshot => "a picture of its disk is to be taken".to_owned(),
        Step::Offload | Step::Leave => "it is to leave its host".to_owned(),
        Step::Depart => "the host that it came from is to let go of it".to_owned(),
        Step::Confirm => "its resize is to be confirmed".to_owned(),
        Step::Reclaim | Step::Remove => "its host is to take it away".to_owned(),
        Step::Bury => "what it held is to be given back".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::step::tests::{NOW, built};

    #[test]
    fn a_story_goes_from_the_wish_to_what_is_now() {
        let mut server = built();
        server.spec.zone = Some("west".to_owned());
        let fault =
            Fault::new(0, "No.".to_owned(), "on h: no space", NOW.plus(std::time::Duration::from_secs(5)));
        server.observed.fault = Some(fault);
        let later = NOW.plus(std::time::Duration::from_secs(60));
        let lines = story(&server, &[], &[], Step::Rest, later);
        let words: Vec<&str> = lines.iter().map(|line| line.what.as_str()).collect();
        assert!(
            words[0].starts_with("asked for by user") && words[0].ends_with(", in zone west"),
            "{words:?}"
        );
        assert_eq!(words[1], "it ran for the first time");
        assert_eq!(words[2], "fault, which is over: No. (on h: no space)");
        assert_eq!(words[3], "now: ACTIVE, on h; nothing is left to do");
        assert_eq!(lines[3].at, later.seconds_z());
    }
}
