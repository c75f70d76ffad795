//! `POST /servers/{id}/action`: one path, many actions, told apart by the body's key.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kogge_http::{ApiError, Json};
use kogge_ids::ImageId;
use kogge_resource::{Call, nova};
use serde_json::{Value, json};

use super::addressing;
use super::consoles;
use super::create::reference;
use super::migrate;
use super::rebuild::rebuild;
use super::shelve;
use crate::api::body::{Fields, Read};
use crate::service::servers::boot::password;
use crate::service::servers::power::Order;
use crate::service::servers::rescue::NewRescue;
use crate::service::servers::snapshot::NewBackup;
use crate::{Compute, microversion as v};

/// An action, as it was asked for.
struct Action<'a> {
    call: &'a Call<Compute>,
    body: &'a Value,
}

/// `POST /servers/{id}/action`
pub(crate) async fn action(call: Call<Compute>, Json(body): Json<Value>) -> Result<Response, ApiError> {
    let name = body.as_object().and_then(|map| map.keys().next()).map_or("", String::as_str);
    Action { call: &call, body: &body }.run(name).await
}

impl Action<'_> {
    async fn run(&self, name: &str) -> Result<Response, ApiError> {
        let order = match name {
            "os-start" => Some(Order::Start),
            "os-stop" => Some(Order::Stop),
            "pause" => Some(Order::Pause),
            "unpause" => Some(Order::Unpause),
            "suspend" => Some(Order::Suspend),
            "resume" => Some(Order::Resume),
            _ => None,
        };
        if let Some(order) = order {
            self.alone(name)?;
            return self.order(order).await;
        }
        match name {
            "reboot" => self.order(self.reboot()?).await,
            "lock" => self.lock().await,
            "unlock" => {
                self.alone(name)?;
                self.call.service.unlock(&self.call.caller, self.call.key()).await?;
                Ok(accepted())
            }
            "forceDelete" => {
                self.alone(name)?;
                self.call.service.delete_server(&self.call.caller, self.call.key(), true).await?;
                Ok(accepted())
            }
            "os-resetState" => self.reset_state().await,
            "os-getConsoleOutput" => self.console().await,
            "changePassword" => self.password().await,
            "createImage" => self.create_image().await,
            "createBackup" => self.create_backup().await,
            "rescue" => self.rescue().await,
            "unrescue" => {
                self.alone(name)?;
                self.call.service.unrescue(&self.call.caller, self.call.key()).await?;
                Ok(accepted())
            }
            "trigger_crash_dump" if self.call.version.has(v::CRASH_DUMP) => {
                self.nothing(name)?;
                self.call.service.trigger_crash_dump(&self.call.caller, self.call.key()).await?;
                Ok(accepted())
            }
            "migrate" | "os-migrateLive" => {
                migrate::run(self.call, name, self.body).await?;
                Ok(accepted())
            }
            "evacuate" => migrate::evacuate(self.call, self.inner(name)?).await,
            "restore" => {
                self.alone(name)?;
                self.call.service.restore(&self.call.caller, self.call.key()).await?;
                Ok(accepted())
            }
            "shelve" | "shelveOffload" | "unshelve" => {
                shelve::run(self.call, name, self.body).await?;
                Ok(accepted())
            }
            "rebuild" => rebuild(self.call, self.body).await,
            "resize" => self.resize().await,
            "confirmResize" => {
                self.alone(name)?;
                self.call.service.confirm_resize(&self.call.caller, self.call.key()).await?;
                Ok(StatusCode::NO_CONTENT.into_response())
            }
            "revertResize" => {
                self.alone(name)?;
                self.call.service.revert_resize(&self.call.caller, self.call.key()).await?;
                Ok(accepted())
            }
            "addSecurityGroup" | "removeSecurityGroup" => self.group(name).await,
            consoles::GET_VNC | consoles::GET_SPICE | consoles::GET_RDP | consoles::GET_SERIAL => {
                consoles::run(self.call, name, self.inner(name)?).await
            }
            addressing::ADD_FIXED_IP
            | addressing::REMOVE_FIXED_IP
            | addressing::ADD_FLOATING_IP
            | addressing::REMOVE_FLOATING_IP => addressing::run(self.call, name, self.inner(name)?).await,
            _ => Err(ApiError::bad_request(format!("There is no such action: {name}"))),
        }
    }

    /// The action is the body's only key; its value does not count.
    fn alone(&self, name: &str) -> Read<()> {
        let fields = Fields::of(self.body)?;
        fields.take(name);
        fields.finish()
    }

    /// As [`Self::alone`], and the value is null.
    fn nothing(&self, name: &str) -> Read<()> {
        self.alone(name)?;
        match self.body.get(name) {
            None | Some(Value::Null) => Ok(()),
            Some(other) => {
                Err(nova::wrong(name, other, &format!("{} is not of type 'null'", nova::repr(other))))
            }
        }
    }

    /// The object behind the action, and nothing beside it.
    fn inner<'s>(&'s self, name: &str) -> Read<Fields<'s>> {
        let fields = Fields::of(self.body)?;
        let inner = fields.object(name)?;
        fields.finish()?;
        Ok(inner)
    }

    async fn order(&self, order: Order) -> Result<Response, ApiError> {
        self.call.service.order(&self.call.caller, self.call.key(), order).await?;
        Ok(accepted())
    }

    fn reboot(&self) -> Read<Order> {
        let inner = self.inner("reboot")?;
        let words = ["HARD", "Hard", "hard", "SOFT", "Soft", "soft"];
        let kind = inner.required("type", inner.word("type", &words)?)?;
        inner.finish()?;
        Ok(if kind.eq_ignore_ascii_case("soft") { Order::RebootSoft } else { Order::RebootHard })
    }

    async fn lock(&self) -> Result<Response, ApiError> {
        let fields = Fields::of(self.body)?;
        let mut reason = None;
        match fields.take("lock") {
            Some(value) if self.call.version.has(v::LOCKED_REASON) && !value.is_null() => {
                let inner = Fields::named("lock", value)?;
                reason = inner.text("locked_reason", 1, 255)?;
                inner.finish()?;
            }
            _ => {}
        }
        fields.finish()?;
        self.call.service.lock(&self.call.caller, self.call.key(), reason).await?;
        Ok(accepted())
    }

    async fn rescue(&self) -> Result<Response, ApiError> {
        let fields = Fields::of(self.body)?;
        let value = fields.take("rescue").unwrap_or(&Value::Null);
        fields.finish()?;
        let (mut image, mut given) = (None, None);
        if !value.is_null() {
            let inner = Fields::named("rescue", value)?;
            given = inner.text("adminPass", 0, 255)?;
            image = inner.uuid("rescue_image_ref")?;
            inner.finish()?;
        }
        let admin_password = given.unwrap_or_else(password);
        let (caller, id) = (&self.call.caller, self.call.key());
        let of_volumes = self.call.version.has(v::RESCUE_OF_VOLUMES);
        let wish = NewRescue { image, admin_password: admin_password.clone(), of_volumes };
        self.call.service.rescue(caller, id, wish).await?;
        Ok(Json(json!({ "adminPass": admin_password })).into_response())
    }

    async fn reset_state(&self) -> Result<Response, ApiError> {
        let inner = self.inner("os-resetState")?;
        let state = inner.required("state", inner.word("state", &["active", "error"])?)?;
        inner.finish()?;
        self.call.service.reset_state(&self.call.caller, self.call.key(), state == "error").await?;
        Ok(accepted())
    }

    async fn console(&self) -> Result<Response, ApiError> {
        let inner = self.inner("os-getConsoleOutput")?;
        // -1 is all, as null and nothing are
        let length = match inner.take("length") {
            None | Some(Value::Null) => None,
            Some(_) => inner.number("length", -1, i64::from(u32::MAX))?,
        };
        inner.finish()?;
        let lines = length.and_then(|lines| u32::try_from(lines).ok());
        let output = self.call.service.console_output(&self.call.caller, self.call.key(), lines).await?;
        Ok(Json(json!({ "output": output })).into_response())
    }

    async fn password(&self) -> Result<Response, ApiError> {
        let inner = self.inner("changePassword")?;
        inner.required("adminPass", inner.text("adminPass", 0, 10_000)?)?;
        inner.finish()?;
        self.call.service.change_password(&self.call.caller, self.call.key()).await?;
        Ok(accepted())
    }

    async fn create_image(&self) -> Result<Response, ApiError> {
        let inner = self.inner("createImage")?;
        let name = inner.required("name", inner.name("name")?)?;
        let metadata: BTreeMap<String, String> = inner.metadata("metadata")?.unwrap_or_default();
        inner.finish()?;
        let image =
            self.call.service.create_image(&self.call.caller, self.call.key(), &name, &metadata).await?;
        Ok(self.ordered(image, true))
    }

    async fn create_backup(&self) -> Result<Response, ApiError> {
        let inner = self.inner("createBackup")?;
        let name = inner.required("name", inner.name("name")?)?;
        let kind = inner.required("backup_type", inner.text("backup_type", 0, 255)?)?;
        let rotation = inner.required("rotation", inner.number("rotation", 0, i64::from(u32::MAX))?)?;
        let metadata: BTreeMap<String, String> = inner.metadata("metadata")?.unwrap_or_default();
        inner.finish()?;
        let rotation = u32::try_from(rotation).unwrap_or(u32::MAX);
        let backup = NewBackup { name, kind, rotation, metadata };
        let image = self.call.service.create_backup(&self.call.caller, self.call.key(), backup).await?;
        // one that goes at once is shown to nobody
        Ok(self.ordered(image, rotation > 0))
    }

    /// An image that is on its way.
    fn ordered(&self, image: ImageId, stays: bool) -> Response {
        if self.call.version.has(v::IMAGE_ID_BODY) {
            let body = Json(json!({ "image_id": image }));
            return (StatusCode::ACCEPTED, body).into_response();
        }
        let mut response = accepted();
        let address = self.call.base.elsewhere(&format!("/image/v2/images/{image}"));
        if let Some(location) = HeaderValue::from_str(&address).ok().filter(|_| stays) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }

    async fn resize(&self) -> Result<Response, ApiError> {
        let inner = self.inner("resize")?;
        let flavor = inner.required("flavorRef", reference(&inner, "flavorRef")?)?;
        let auto = inner.word("OS-DCF:diskConfig", &["AUTO", "MANUAL"])?.map(|word| word == "AUTO");
        inner.finish()?;
        self.call.service.resize(&self.call.caller, self.call.key(), &flavor, auto).await?;
        Ok(accepted())
    }

    async fn group(&self, name: &str) -> Result<Response, ApiError> {
        let inner = self.inner(name)?;
        let group = inner.required("name", inner.name("name")?)?;
        self.call
            .service
            .change_group(&self.call.caller, self.call.key(), &group, name == "addSecurityGroup")
            .await?;
        Ok(accepted())
    }
}

fn accepted() -> Response {
    StatusCode::ACCEPTED.into_response()
}
