//! The actions by which volumes were attached before 3.27. They say something of a volume, or make and remove an attachment;
//! what compute holds they leave alone.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kogge_http::{ApiError, Json};
use kogge_resource::Service as _;
use kogge_resource::nova::Fields;
use serde_json::{Value, json};

use super::{Action, accepted};
use crate::error::Error;
use crate::model::attachment::AttachStatus;
use crate::model::doing::Doing;
use crate::model::status::VolumeStatus;
use crate::policy;
use crate::resources::attachments::refuse_held;
use crate::service::attach::NewTie;
use crate::store::attachments;

impl Action<'_> {
    pub(super) async fn old(&self) -> Result<Response, ApiError> {
        match self.name {
            "os-reserve" => self.reserve().await,
            "os-unreserve" => self.unsay(VolumeStatus::Attaching, policy::VOLUME_ACTIONS_UNRESERVE).await,
            "os-begin_detaching" => self.begin_detaching().await,
            "os-roll_detaching" => {
                self.unsay(VolumeStatus::Detaching, policy::VOLUME_ACTIONS_ROLL_DETACHING).await
            }
            "os-attach" => self.attach().await,
            "os-detach" => self.detach(policy::VOLUME_ACTIONS_DETACH).await,
            "os-force_detach" => self.detach(policy::VOLUME_ADMIN_ACTIONS_FORCE_DETACH).await,
            "os-initialize_connection" => self.connect().await,
            "os-terminate_connection" => self.disconnect().await,
            _ => Err(Fields::of(self.body)?.no_action()),
        }
    }

    async fn reserve(&self) -> Result<Response, ApiError> {
        self.alone()?;
        let (mut volume, tx) = self.open(&policy::VOLUME_ACTIONS_RESERVE).await?;
        let free = volume.status == VolumeStatus::Available
            || (volume.multiattach && volume.status == VolumeStatus::InUse);
        if !free {
            let wanted = if volume.multiattach { "available or in-use" } else { "available" };
            let why =
                format!("Volume status must be {wanted} to reserve, but the status is {}.", volume.status);
            return Err(Error::volume(why).into());
        }
        volume.begin(Doing::Called { status: VolumeStatus::Attaching }, self.call.service.now());
        self.save(tx, volume).await?;
        Ok(accepted())
    }

    /// What was said of a volume does not count any more.
    async fn unsay(&self, said: VolumeStatus, rule: kogge_auth::Rule) -> Result<Response, ApiError> {
        self.alone()?;
        let (mut volume, tx) = self.open(&rule).await?;
        if volume.doing.doing == (Doing::Called { status: said }) {
            volume.rest(self.call.service.now());
            self.save(tx, volume).await?;
        }
        Ok(accepted())
    }

    async fn begin_detaching(&self) -> Result<Response, ApiError> {
        self.alone()?;
        let (mut volume, mut tx) = self.open(&policy::VOLUME_ACTIONS_BEGIN_DETACHING).await?;
        if volume.status != VolumeStatus::InUse {
            let why = "Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to \
                       detach.";
            return Err(Error::volume(why).into());
        }
        for tie in attachments::of_volume(&mut tx, volume.id).await.map_err(Error::from)? {
            refuse_held(&tie)?;
        }
        volume.begin(Doing::Called { status: VolumeStatus::Detaching }, self.call.service.now());
        self.save(tx, volume).await?;
        Ok(accepted())
    }

    async fn attach(&self) -> Result<Response, ApiError> {
        let inner = self.inner()?;
        let server = inner.uuid("instance_uuid")?;
        let host = inner.text("host_name", 0, 255)?;
        let mountpoint = inner.required("mountpoint", inner.text("mountpoint", 1, 255)?)?;
        let mode = inner.word("mode", &["rw", "ro"])?.unwrap_or_else(|| "rw".to_owned());
        inner.finish()?;
        if server.is_none() && host.is_none() {
            let why = "Invalid input for field/attribute os-attach: instance_uuid or host_name is needed";
            return Err(ApiError::bad_request(why));
        }
        let (mut volume, mut tx) = self.open(&policy::VOLUME_ACTIONS_ATTACH).await?;
        if volume.status == VolumeStatus::Maintenance {
            return Err(Error::volume("The volume cannot be attached in maintenance mode.").into());
        }
        if volume.read_only && mode != "ro" {
            let why = format!("Invalid attaching mode '{mode}' for volume {}.", volume.id);
            return Err(Error::Invalid(why).into());
        }
        let service = &self.call.service;
        if volume.doing.doing == (Doing::Called { status: VolumeStatus::Attaching }) {
            volume.rest(service.now());
            service.save_in(&mut tx, &mut volume).await?;
        }
        let new = NewTie {
            server,
            host,
            mountpoint: Some(mountpoint),
            read_only: mode == "ro",
            status: Some(AttachStatus::Attached),
            ..NewTie::default()
        };
        service.tie_in(&mut tx, &self.call.caller, volume.id, new).await?;
        service.commit(tx).await?;
        Ok(accepted())
    }

    async fn detach(&self, rule: kogge_auth::Rule) -> Result<Response, ApiError> {
        let mut named = None;
        let fields = Fields::of(self.body)?;
        if let Some(value) = fields.take(self.name).filter(|value| !value.is_null()) {
            let inner = Fields::named(self.name, value)?;
            named = match inner.take("attachment_id") {
                None | Some(Value::Null) => None,
                Some(_) => inner.uuid("attachment_id")?,
            };
            inner.take("connector");
            inner.finish()?;
        }
        fields.finish()?;
        let (mut volume, mut tx) = self.open(&rule).await?;
        let service = &self.call.service;
        let tie = service.tie_of(self.call, &mut tx, volume.id, named.as_deref()).await?;
        match tie {
            Some(tie) => {
                refuse_held(&tie)?;
                service.untie_in(&mut tx, &tie).await?;
            }
            // nothing is attached: what was said of it does not count any more
            None if volume.status == VolumeStatus::Maintenance => {
                return Err(Error::volume("Unable to detach volume in maintenance mode.").into());
            }
            None if matches!(volume.doing.doing, Doing::Called { .. }) => {
                volume.rest(service.now());
                service.save_in(&mut tx, &mut volume).await?;
            }
            None => {}
        }
        service.commit(tx).await?;
        Ok(accepted())
    }

    /// How a host would reach the volume: no path and no key leave this service so.
    async fn connect(&self) -> Result<Response, ApiError> {
        let inner = self.inner()?;
        let connector = inner.required("connector", inner.take("connector"))?;
        inner.finish()?;
        if !connector.is_object() {
            return Err(ApiError::bad_request("Invalid input received: Connector must be an object."));
        }
        let rule = policy::VOLUME_ACTIONS_INITIALIZE_CONNECTION;
        let loaded = kogge_resource::Loaded::<crate::resources::volumes::VolumesApi>::now(
            self.call,
            self.call.key(),
            &rule,
        )
        .await?;
        let info = json!({
            "driver_volume_type": "kogge",
            "data": { "volume_id": loaded.id, "access_mode": if loaded.read_only { "ro" } else { "rw" },
                      "encrypted": loaded.key_id.is_some() },
            "enforce_multipath": connector.get("enforce_multipath").and_then(Value::as_bool).unwrap_or(false),
        });
        Ok((StatusCode::ACCEPTED, Json(json!({ "connection_info": info }))).into_response())
    }

    async fn disconnect(&self) -> Result<Response, ApiError> {
        let inner = self.inner()?;
        inner.required("connector", inner.take("connector"))?;
        inner.finish()?;
        let (volume, mut tx) = self.open(&policy::VOLUME_ACTIONS_TERMINATE_CONNECTION).await?;
        for tie in attachments::of_volume(&mut tx, volume.id).await.map_err(Error::from)? {
            refuse_held(&tie)?;
        }
        self.call.service.commit(tx).await?;
        Ok(accepted())
    }
}
