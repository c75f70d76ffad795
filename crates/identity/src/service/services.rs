//! Services and endpoints of the catalog.

use std::sync::Arc;

use kogge_auth::{Caller, Target};

use super::bounds::{checked_extra, checked_id};
use super::names::{NAME, checked_name, new_id};
use super::patch::merge;
use super::permission::allow;
use super::{Change, Draft, Identity, ListQuery, Listed};
use crate::error::{Error, Result};
use crate::model::{Endpoint, Extra, Interface, Kind, Region, Service};
use crate::policy;
use crate::snapshot::is_fillable;

/// A service to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewService {
    pub(crate) kind: String,
    pub(crate) enabled: bool,
    pub(crate) extra: Extra,
}

/// A change of a service.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServiceUpdate {
    pub(crate) kind: Option<String>,
    pub(crate) enabled: Option<bool>,
    pub(crate) extra: Extra,
}

/// An endpoint to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewEndpoint {
    pub(crate) service_id: String,
    pub(crate) interface: Interface,
    pub(crate) region_id: Option<String>,
    pub(crate) url: String,
    pub(crate) enabled: bool,
    pub(crate) extra: Extra,
    /// `region` instead of `region_id`: the old spelling, which makes the region.
    pub(crate) makes_region: bool,
}

/// A change of an endpoint.
#[derive(Debug, Clone, Default)]
pub(crate) struct EndpointUpdate {
    pub(crate) service_id: Option<String>,
    pub(crate) interface: Option<Interface>,
    pub(crate) region_id: Change<String>,
    pub(crate) url: Option<String>,
    pub(crate) enabled: Option<bool>,
    pub(crate) extra: Extra,
    /// As for [`NewEndpoint`].
    pub(crate) makes_region: bool,
}

fn no_service(id: &str) -> Error {
    Error::not_found("service", id)
}

fn no_endpoint(id: &str) -> Error {
    Error::not_found("endpoint", id)
}

impl Identity {
    /// Makes a service.
    ///
    /// # Errors
    /// 403 by the policy, 400 for the type.
    pub(crate) async fn create_service(&self, caller: &Caller, new: NewService) -> Result<Arc<Service>> {
        allow(caller, &policy::CREATE_SERVICE, &Target::none())?;
        let kind = checked_name("type", &new.kind, NAME)?;
        let extra = checked_extra(new.extra)?;
        let service = Service { id: new_id(), kind, enabled: new.enabled, extra };
        self.write(|draft| {
            draft.put(service.clone());
            Ok(Arc::new(service))
        })
        .await
    }

    /// The services of a list.
    ///
    /// # Errors
    /// 403 by the policy, 404 for the marker.
    pub(crate) fn list_services(&self, caller: &Caller, query: &ListQuery) -> Result<Listed<Arc<Service>>> {
        allow(caller, &policy::LIST_SERVICES, &Target::none())?;
        query.page(self.snapshot().services.iter().cloned().collect(), self.config().list_limit)
    }

    /// A service.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none.
    pub(crate) fn get_service(&self, caller: &Caller, id: &str) -> Result<Arc<Service>> {
        allow(caller, &policy::GET_SERVICE, &Target::none())?;
        self.snapshot().services.get(id).cloned().ok_or_else(|| no_service(id))
    }

    /// Changes a service.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none.
    pub(crate) async fn update_service(
        &self,
        caller: &Caller,
        id: &str,
        update: ServiceUpdate,
    ) -> Result<Arc<Service>> {
        allow(caller, &policy::UPDATE_SERVICE, &Target::none())?;
        let kind = update.kind.as_deref().map(|kind| checked_name("type", kind, NAME)).transpose()?;
        self.write(|draft| {
            let mut service = (**draft.services.get(id).ok_or_else(|| no_service(id))?).clone();
            service.kind = kind.unwrap_or(service.kind);
            service.enabled = update.enabled.unwrap_or(service.enabled);
            service.extra = merge(&service.extra, update.extra)?;
            draft.put(service.clone());
            Ok(Arc::new(service))
        })
        .await
    }

    /// Removes a service with its endpoints.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none.
    pub(crate) async fn delete_service(&self, caller: &Caller, id: &str) -> Result<()> {
        allow(caller, &policy::DELETE_SERVICE, &Target::none())?;
        self.write(|draft| {
            draft.services.get(id).ok_or_else(|| no_service(id))?;
            let own = draft.endpoints.iter().filter(|endpoint| endpoint.service_id == id);
            let own: Vec<String> = own.map(|endpoint| endpoint.id.clone()).collect();
            own.iter().for_each(|id| draft.delete(Kind::Endpoint, id));
            draft.delete(Kind::Service, id);
            Ok(())
        })
        .await
    }

    /// Makes an endpoint.
    ///
    /// # Errors
    /// 403 by the policy, 400 for URL, service and region.
    pub(crate) async fn create_endpoint(&self, caller: &Caller, new: NewEndpoint) -> Result<Arc<Endpoint>> {
        allow(caller, &policy::CREATE_ENDPOINT, &Target::none())?;
        let makes_region = new.makes_region;
        let NewEndpoint { service_id, interface, region_id, url, enabled, extra, .. } = new;
        let extra = checked_extra(extra)?;
        let endpoint = Endpoint { id: new_id(), service_id, interface, region_id, url, enabled, extra };
        self.write(|draft| {
            draft.make_region(makes_region, endpoint.region_id.as_deref())?;
            draft.put_endpoint(endpoint.clone())
        })
        .await
    }

    /// The endpoints of a list.
    ///
    /// # Errors
    /// 403 by the policy, 404 for the marker.
    pub(crate) fn list_endpoints(&self, caller: &Caller, query: &ListQuery) -> Result<Listed<Arc<Endpoint>>> {
        allow(caller, &policy::LIST_ENDPOINTS, &Target::none())?;
        query.page(self.snapshot().endpoints.iter().cloned().collect(), self.config().list_limit)
    }

    /// An endpoint.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none.
    pub(crate) fn get_endpoint(&self, caller: &Caller, id: &str) -> Result<Arc<Endpoint>> {
        allow(caller, &policy::GET_ENDPOINT, &Target::none())?;
        self.snapshot().endpoints.get(id).cloned().ok_or_else(|| no_endpoint(id))
    }

    /// Changes an endpoint.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none, 400 for URL, service and region.
    pub(crate) async fn update_endpoint(
        &self,
        caller: &Caller,
        id: &str,
        update: EndpointUpdate,
    ) -> Result<Arc<Endpoint>> {
        allow(caller, &policy::UPDATE_ENDPOINT, &Target::none())?;
        self.write(|draft| {
            let mut endpoint = (**draft.endpoints.get(id).ok_or_else(|| no_endpoint(id))?).clone();
            endpoint.service_id = update.service_id.unwrap_or(endpoint.service_id);
            endpoint.interface = update.interface.unwrap_or(endpoint.interface);
            endpoint.region_id = update.region_id.apply(endpoint.region_id);
            endpoint.url = update.url.unwrap_or(endpoint.url);
            endpoint.enabled = update.enabled.unwrap_or(endpoint.enabled);
            endpoint.extra = merge(&endpoint.extra, update.extra)?;
            draft.make_region(update.makes_region, endpoint.region_id.as_deref())?;
            draft.put_endpoint(endpoint)
        })
        .await
    }

    /// Removes an endpoint.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none.
    pub(crate) async fn delete_endpoint(&self, caller: &Caller, id: &str) -> Result<()> {
        allow(caller, &policy::DELETE_ENDPOINT, &Target::none())?;
        self.write(|draft| {
            draft.endpoints.get(id).ok_or_else(|| no_endpoint(id))?;
            draft.delete(Kind::Endpoint, id);
            Ok(())
        })
        .await
    }
}

/// `scheme:something`, or our own spelling, a path on the cloud's address.
fn is_url(url: &str) -> bool {
    let scheme = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
    };
    url.len() <= 225
        && !url.chars().any(char::is_control)
        && (url.starts_with('/')
            || url.split_once(':').is_some_and(|(before, after)| scheme(before) && !after.is_empty()))
}

impl Draft {
    fn make_region(&mut self, wanted: bool, id: Option<&str>) -> Result<()> {
        id.map_or(Ok(()), |id| checked_id("region", id))?;
        if let Some(id) = id.filter(|id| wanted && self.regions.get(id).is_none()) {
            let (id, description) = (id.to_owned(), String::new());
            self.put(Region { id, parent_region_id: None, description, extra: Extra::new() });
        }
        Ok(())
    }

    fn put_endpoint(&mut self, endpoint: Endpoint) -> Result<Arc<Endpoint>> {
        if !is_url(&endpoint.url) || !is_fillable(&endpoint.url) {
            return Err(Error::Invalid(format!(
                "Cannot create an endpoint with an invalid URL: {}.",
                endpoint.url
            )));
        }
        if self.services.get(&endpoint.service_id).is_none() {
            return Err(Error::Invalid(format!("Could not find service: {}.", endpoint.service_id)));
        }
        if let Some(id) = endpoint.region_id.as_ref().filter(|id| self.regions.get(id).is_none()) {
            return Err(Error::Invalid(format!("Could not find region: {id}.")));
        }
        self.put(endpoint.clone());
        Ok(Arc::new(endpoint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_a_scheme_or_are_paths_of_ours() {
        for good in ["http://a/b", "https://[::1]/$(project_id)s", "/compute/v2.1"] {
            assert!(is_url(good), "{good}");
        }
        for bad in ["", "no scheme", "http:", "://x", "http://a\n", &format!("http://{}", "a".repeat(225))] {
            assert!(!is_url(bad), "{bad}");
        }
    }
}
