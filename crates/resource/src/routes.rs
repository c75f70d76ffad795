//! The routes of resources.

use http::Method;
use kogge_http::{Access, Routes};

use crate::handlers;
use crate::{Create, Delete, Dialect, List, Resource, Service, Update};

/// Adds the routes of resources to a table, each with its rule: by that tests walk them, and documents are written.
pub trait Crud<S: Service>: Sized {
    /// `GET` of all.
    #[must_use]
    fn list<R: List<Service = S>>(self) -> Self;
    /// `GET` of one.
    #[must_use]
    fn show<R: Resource<Service = S>>(self) -> Self;
    /// `POST`.
    #[must_use]
    fn create<R: Create<Service = S>>(self) -> Self;
    /// `PUT` or `PATCH` of one.
    #[must_use]
    fn update<R: Update<Service = S>>(self) -> Self;
    /// `DELETE` of one.
    #[must_use]
    fn remove<R: Delete<Service = S>>(self) -> Self;

    /// All but updates.
    #[must_use]
    fn fixed<R: List<Service = S> + Create<Service = S> + Delete<Service = S>>(self) -> Self {
        self.list::<R>().create::<R>().show::<R>().remove::<R>()
    }

    /// All five.
    #[must_use]
    fn crud<R>(self) -> Self
    where
        R: List<Service = S> + Create<Service = S> + Update<Service = S> + Delete<Service = S>,
    {
        self.list::<R>().create::<R>().show::<R>().update::<R>().remove::<R>()
    }
}

impl<S: Service> Crud<S> for Routes<S> {
    fn list<R: List<Service = S>>(self) -> Self {
        self.route(Method::GET, R::NAMES.all, R::VERSIONS, Access::Rule(R::RULE), handlers::list::<R>)
    }

    fn show<R: Resource<Service = S>>(self) -> Self {
        self.route(Method::GET, R::NAMES.each, R::VERSIONS, Access::Rule(R::READ), handlers::show::<R>)
    }

    fn create<R: Create<Service = S>>(self) -> Self {
        self.route(Method::POST, R::NAMES.all, R::VERSIONS, Access::Rule(R::RULE), handlers::create::<R>)
    }

    fn update<R: Update<Service = S>>(self) -> Self {
        let method = <S::Dialect as Dialect>::UPDATE;
        self.route(method, R::NAMES.each, R::VERSIONS, Access::Rule(R::RULE), handlers::update::<R>)
    }

    fn remove<R: Delete<Service = S>>(self) -> Self {
        self.route(Method::DELETE, R::NAMES.each, R::VERSIONS, Access::Rule(R::RULE), handlers::delete::<R>)
    }
}
