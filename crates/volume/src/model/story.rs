//! What became of a volume, in plain words: for operators.

use kogge_clock::Timestamp;
use kogge_resource::story::{Line, Story};

use crate::model::attachment::Attachment;
use crate::model::backup::Backup;
use crate::model::doing::{Doing, Origin};
use crate::model::message::Message;
use crate::model::snapshot::Snapshot;
use crate::model::volume::Volume;

/// All that is known of a volume.
#[derive(Debug, Clone)]
pub struct Known {
    /// The volume.
    pub volume: Volume,
    /// What its type is called.
    pub type_name: String,
    /// What uses it.
    pub ties: Vec<Attachment>,
    /// Its snapshots.
    pub snapshots: Vec<Snapshot>,
    /// Its backups.
    pub backups: Vec<Backup>,
    /// What its owner was told.
    pub messages: Vec<Message>,
}

/// The story of a volume.
#[must_use]
pub fn story(known: &Known, now: Timestamp) -> Vec<Line> {
    let (volume, mut told) = (&known.volume, Story::default());
    told.tell(volume.created_at, asked(known));
    for one in &known.snapshots {
        let what = format!("snapshot {} of user {} begins; it is {} now", one.id, one.user_id, one.status);
        told.tell(one.created_at, what);
    }
    for one in &known.backups {
        let kind = if one.parent_id.is_some() { "incremental" } else { "full" };
        let what =
            format!("{kind} backup {} of user {} begins; it is {} now", one.id, one.user_id, one.status);
        told.tell(one.created_at, what);
    }
    known.ties.iter().for_each(|tie| tell_tie(&mut told, tie));
    for one in &known.messages {
        let request = one.request_id.as_deref().unwrap_or("no request");
        told.tell(one.created_at, format!("its owner was told: {} ({request})", one.text()));
    }
    if let Some(fault) = &volume.fault {
        let what = format!("fault: {} ({})", fault.message, fault.details);
        told.tell(Timestamp::from_micros(fault.at), what);
    }
    told.end(now, state(volume))
}

fn asked(known: &Known) -> String {
    let volume = &known.volume;
    let mut what = format!(
        "asked for by user {} in project {}: {} GiB of type {}",
        volume.user_id, volume.project_id, volume.size_gib, known.type_name
    );
    let origins = [
        ("snapshot", volume.snapshot_id.map(|id| id.to_string())),
        ("volume", volume.source_id.map(|id| id.to_string())),
        ("backup", volume.backup_id.map(|id| id.to_string())),
        ("image", volume.image_metadata.get("image_id").cloned()),
    ];
    for (kind, id) in origins {
        if let Some(id) = id {
            what.push_str(&format!(", from {kind} {id}"));
        }
    }
    what.push_str(&format!("; placed on {}", volume.backend));
    if volume.key_id.is_some() {
        what.push_str(", encrypted");
    }
    what
}

fn tell_tie(told: &mut Story, tie: &Attachment) {
    let user =
        tie.server_id.as_ref().map_or_else(|| "a host".to_owned(), |server| format!("server {server}"));
    let host = tie.host.as_ref().map_or_else(String::new, |host| format!(" on {host}"));
    told.tell(tie.created_at, format!("attachment {}: promised to {user}", tie.id));
    if let Some(at) = tie.attached_at {
        told.tell(at, format!("attachment {}: in use by {user}{host}", tie.id));
    }
    if let (Some(at), true) = (tie.updated_at, tie.attached_at.is_none_or(|at| tie.updated_at > Some(at))) {
        told.tell(at, format!("attachment {}: {}{host}", tie.id, tie.status));
    }
}

fn state(volume: &Volume) -> String {
    let job = &volume.doing.0;
    let mut what = format!("now: {}; {}", volume.status, words(&job.doing));
    if job.doing.is_work() {
        what.push_str(&format!(" since {}", Timestamp::from_micros(job.since).seconds_z()));
    }
    if job.failures > 0 {
        what.push_str(&format!("; {} tries failed in a row", job.failures));
    }
    what
}

fn words(doing: &Doing) -> String {
    match doing {
        Doing::Resting => "nothing is left to do".to_owned(),
        Doing::Creating { origin } => match origin {
            Origin::Blank => "it is made".to_owned(),
            Origin::Image { image } => format!("it is made from image {image}"),
            Origin::Volume { volume } => format!("it is made from volume {volume}"),
            Origin::Snapshot { snapshot } => format!("it is made from snapshot {snapshot}"),
            Origin::Backup { backup } => format!("it is made from backup {backup}"),
        },
        Doing::Deleting => "it is removed".to_owned(),
        Doing::Extending { from } => format!("it grows from {from} GiB"),
        Doing::Uploading { image, .. } => format!("it becomes image {image}"),
        Doing::Retyping { to, backend } => format!("it becomes one of type {to} on {backend}"),
        Doing::BackingUp { backup } => format!("backup {backup} is made of it"),
        Doing::Restoring { backup } => format!("backup {backup} is put onto it"),
        Doing::Reverting { snapshot } => format!("it is put back to snapshot {snapshot}"),
        Doing::Reimaging { image } => format!("image {image} is put onto it"),
        Doing::Offered => "it waits for another project to take it".to_owned(),
        Doing::Managing { name } => format!("disk {name} of the backend is taken over"),
        Doing::Unmanaging => "its disk is let go".to_owned(),
        Doing::Called { status } => format!("somebody called it {status}"),
    }
}
