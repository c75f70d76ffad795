//! The five handlers that most resources have, written once: the resources differ in names only.
//!
//! A file names the handlers that it has from here and writes the others itself:
//!
//! ```ignore
//! handlers! { "role" in "roles" as role::Role:
//!     create(role::Create { role } => create_role),
//!     list(&["name", "domain_id"] => list_roles),
//!     show(get_role),
//!     update(role::Update { role } => update_role),
//!     delete(delete_role),
//! }
//! ```

macro_rules! handlers {
    ($one:literal in $many:literal as $View:ty: $($kind:ident($($rest:tt)*)),+ $(,)?) => {
        $($crate::api::handlers::handler!($kind $one $many [$View] $($rest)*);)+
    };
}
pub(super) use handlers;

macro_rules! handler {
    (create $one:literal $many:literal [$View:ty] $Body:ty { $field:ident } => $make:ident) => {
        /// `POST`.
        pub(super) async fn create(
            call: $crate::api::place::Place,
            kogge_http::Json(body): kogge_http::Json<$Body>,
        ) -> Result<axum::response::Response, kogge_http::ApiError> {
            let row = call.service.$make(&call.caller, body.$field.into()).await?;
            Ok($crate::api::answer::created($one, <$View>::of(&row, &call)))
        }
    };
    (list $one:literal $many:literal [$View:ty] $filters:expr => $list:ident) => {
        /// `GET` of all.
        pub(super) async fn list(
            call: $crate::api::place::Place,
        ) -> Result<axum::response::Response, kogge_http::ApiError> {
            let listed =
                call.service.$list(&call.caller, &$crate::api::place::Placed::list(&call, $filters)?)?;
            Ok($crate::api::answer::page(&call, $many, &listed, |row| &row.id, |row| <$View>::of(row, &call)))
        }
    };
    (show $one:literal $many:literal [$View:ty] $get:ident) => {
        /// `GET` of one.
        pub(super) async fn show(
            call: $crate::api::place::Place,
        ) -> Result<axum::response::Response, kogge_http::ApiError> {
            let row = call.service.$get(&call.caller, call.key())?;
            Ok($crate::api::answer::member($one, <$View>::of(&row, &call)))
        }
    };
    (update $one:literal $many:literal [$View:ty] $Body:ty { $field:ident } => $change:ident) => {
        /// `PATCH`.
        pub(super) async fn update(
            call: $crate::api::place::Place,
            kogge_http::Json(body): kogge_http::Json<$Body>,
        ) -> Result<axum::response::Response, kogge_http::ApiError> {
            $crate::api::answer::same_id(body.$field.id.as_deref(), call.key())?;
            let row = call.service.$change(&call.caller, call.key(), body.$field.into()).await?;
            Ok($crate::api::answer::member($one, <$View>::of(&row, &call)))
        }
    };
    (delete $one:literal $many:literal [$View:ty] $delete:ident) => {
        /// `DELETE`.
        pub(super) async fn delete(
            call: $crate::api::place::Place,
        ) -> Result<http::StatusCode, kogge_http::ApiError> {
            call.service.$delete(&call.caller, call.key()).await?;
            Ok(http::StatusCode::NO_CONTENT)
        }
    };
}
pub(super) use handler;
