//! Golden answers: every route, asked in many ways and versions by many people, answers word for word as noted.
//!
//! The requests are made from the route tables and the bodies of the isolation matrix, so that a new route is in here by
//! itself. What is noted stands in `tests/golden/answers`, a file per service; `UPDATE_GOLDEN=1` renews it.

mod bad;
mod book;
mod exchanges;
mod goods;
mod more;
mod plain;
mod queries;
mod reads;
mod scene;
mod versions;
mod writes;

use kogge::cloud::doors;

use book::Book;
use scene::Scene;
use writes::Writes;

async fn answers_are_as_noted(service: &'static str) {
    let mut scene = Scene::new(service).await;
    let door = doors(None).into_iter().find(|door| door.service == service).unwrap();
    let first = door.versions.as_ref().map(|versions| versions.min.to_string()).unwrap_or_default();
    let mut book = Book::new(service, &first);
    let name = |route: &kogge_http::RouteInfo| {
        let action = route.action.map(|action| format!(" {action}")).unwrap_or_default();
        format!("{} {}{}{action}", route.method, door.mount, route.path)
    };
    for route in door.table.iter().filter(|route| reads::reads(route)) {
        book.open(&name(route));
        reads::route(&scene, &door, route, &mut book).await;
    }
    for route in door.table.iter().filter(|route| !reads::reads(route)) {
        book.open(&name(route));
        Writes { scene: &mut scene, door: &door, book: &mut book }.route(route).await;
    }
    more::walk(&scene, &mut book).await;
    book.compare();
    scene.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn identity_answers_as_noted() {
    answers_are_as_noted("identity").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn image_answers_as_noted() {
    answers_are_as_noted("image").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn placement_answers_as_noted() {
    answers_are_as_noted("placement").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn network_answers_as_noted() {
    answers_are_as_noted("network").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn block_storage_answers_as_noted() {
    answers_are_as_noted("block-storage").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compute_answers_as_noted() {
    answers_are_as_noted("compute").await;
}
