//! One port for all APIs: each service behind its front door, at its path.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::routing::get;
use http::header;
use kogge_http::{
    FaultStyle, FrontDoor, RouteInfo, Versions, at_present_path, without_extension, without_project,
    without_slash,
};
use tower::util::MapRequest;

use super::Services;
use super::figures::Figures;
use super::health::Health;

/// A service as the world sees it.
pub struct Door {
    /// Type in the catalog.
    pub service: &'static str,
    /// Where it is mounted.
    pub mount: &'static str,
    /// How it words faults.
    pub style: FaultStyle,
    /// Its microversions.
    pub versions: Option<Versions>,
    /// Its route table.
    pub table: Vec<RouteInfo>,
    /// Paths that are gone upstream and here, some for one method.
    pub gone: Vec<&'static str>,
    router: Option<Router>,
}

impl Door {
    /// What clients call the service where they name a microversion: block storage is `volume` there.
    #[must_use]
    pub fn spoken(&self) -> &'static str {
        self.versions.as_ref().map_or(self.service, |versions| versions.service)
    }
}

macro_rules! door {
    ($service:literal, $mount:literal, $style:ident, $versions:expr, $routes:expr, $state:expr) => {{
        let routes = $routes;
        let table = routes.table().to_vec();
        let gone = routes.gone_paths().to_vec();
        let router = $state.map(|state| routes.into_router(state));
        Door {
            service: $service,
            mount: $mount,
            style: FaultStyle::$style,
            versions: $versions,
            table,
            gone,
            router,
        }
    }};
}

/// All services with their route tables; with routers where `services` run.
#[must_use]
pub fn doors(services: Option<&Services>) -> Vec<Door> {
    let identity = services.map(|services| services.identity.clone());
    let image = services.map(|services| services.image.clone());
    let placement = services.map(|services| services.placement.clone());
    let network = services.map(|services| services.network.clone());
    let volume = services.map(|services| services.volume.clone());
    let compute = services.map(|services| services.compute.clone());
    let identity_routes = kogge_identity::version_routes().merge(kogge_identity::routes());
    vec![
        door!("identity", "/identity", Identity, None, identity_routes, identity),
        door!("image", "/image", Image, None, kogge_image::routes(), image),
        door!(
            "placement",
            "/placement",
            Placement,
            Some(kogge_placement::VERSIONS),
            kogge_placement::routes(),
            placement
        ),
        door!("network", "/network", Network, None, kogge_network::routes(), network),
        door!(
            "block-storage",
            "/volume",
            Compute,
            Some(kogge_volume::versions()),
            kogge_volume::routes(),
            volume
        ),
        door!(
            "compute",
            "/compute",
            Compute,
            Some(kogge_compute::versions()),
            kogge_compute::routes(),
            compute
        ),
    ]
}

/// The whole HTTP face of a cloud.
pub(super) fn build(services: &Services, health: &Health, figures: Option<Figures>) -> Router {
    let (alive, ready) = (health.clone(), health.clone());
    let mut all = Router::new()
        .route("/healthcheck", get(move || alive.alive()))
        .route("/readyz", get(move || ready.ready()));
    if let Some(figures) = figures {
        let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
        all = all.route("/metrics", get(move || async move { (kind, figures.page().await) }));
    }
    all = all.merge(kogge_compute::console_router(services.compute.clone()));
    for door in doors(Some(services)) {
        let Some(router) = door.router else { continue };
        let tokens = Arc::new(services.identity.clone());
        let front = FrontDoor {
            service: door.service,
            mount: door.mount,
            style: door.style,
            versions: door.versions,
            tokens,
        };
        let guarded = front.guard(router);
        all = match door.service {
            "compute" => all.nest_service(door.mount, MapRequest::new(guarded, at_present_path)),
            "block-storage" => all.nest_service(door.mount, MapRequest::new(guarded, without_project)),
            _ => all.nest(door.mount, guarded),
        };
    }
    // in the network service `.json` behind a path is a way to ask for JSON
    let all = MapRequest::new(all, |request: Request| without_extension("/network", request));
    Router::new().fallback_service(MapRequest::new(all, without_slash))
}
