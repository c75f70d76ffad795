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
            axum::extract::State(identity): axum::extract::State<$crate::service::Identity>,
            kogge_http::Auth(caller): kogge_http::Auth,
            place: $crate::api::place::Place,
            kogge_http::Json(body): kogge_http::Json<$Body>,
        ) -> Result<axum::response::Response, kogge_http::ApiError> {
            let row = identity.$make(&caller, body.$field.into()).await?;
            Ok($crate::api::answer::created($one, <$View>::of(&row, &place)))
        }
    };
    (list $one:literal $many:literal [$View:ty] $filters:expr => $list:ident) => {
        /// `GET` of all.
        pub(super) async fn list(
            axum::extract::State(identity): axum::extract::State<$crate::service::Identity>,
            kogge_http::Auth(caller): kogge_http::Auth,
            place: $crate::api::place::Place,
        ) -> Result<axum::response::Response, kogge_http::ApiError> {
            let listed = identity.$list(&caller, &place.list($filters)?)?;
            Ok($crate::api::answer::page(
                &place,
                $many,
                &listed,
                |row| &row.id,
                |row| <$View>::of(row, &place),
            ))
        }
    };
    (show $one:literal $many:literal [$View:ty] $get:ident) => {
        /// `GET` of one.
        pub(super) async fn show(
            axum::extract::State(identity): axum::extract::State<$crate::service::Identity>,
            kogge_http::Auth(caller): kogge_http::Auth,
            place: $crate::api::place::Place,
            kogge_http::Path(id): kogge_http::Path<String>,
        ) -> Result<axum::response::Response, kogge_http::ApiError> {
            let row = identity.$get(&caller, &id)?;
            Ok($crate::api::answer::member($one, <$View>::of(&row, &place)))
        }
    };
    (update $one:literal $many:literal [$View:ty] $Body:ty { $field:ident } => $change:ident) => {
        /// `PATCH`.
        pub(super) async fn update(
            axum::extract::State(identity): axum::extract::State<$crate::service::Identity>,
            kogge_http::Auth(caller): kogge_http::Auth,
            place: $crate::api::place::Place,
            kogge_http::Path(id): kogge_http::Path<String>,
            kogge_http::Json(body): kogge_http::Json<$Body>,
        ) -> Result<axum::response::Response, kogge_http::ApiError> {
            $crate::api::answer::same_id(body.$field.id.as_deref(), &id)?;
            let row = identity.$change(&caller, &id, body.$field.into()).await?;
            Ok($crate::api::answer::member($one, <$View>::of(&row, &place)))
        }
    };
    (delete $one:literal $many:literal [$View:ty] $delete:ident) => {
        /// `DELETE`.
        pub(super) async fn delete(
            axum::extract::State(identity): axum::extract::State<$crate::service::Identity>,
            kogge_http::Auth(caller): kogge_http::Auth,
            kogge_http::Path(id): kogge_http::Path<String>,
        ) -> Result<http::StatusCode, kogge_http::ApiError> {
            identity.$delete(&caller, &id).await?;
            Ok(http::StatusCode::NO_CONTENT)
        }
    };
}
pub(super) use handler;
