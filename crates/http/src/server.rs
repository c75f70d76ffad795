//! Listening: connections in, graceful end.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{Service, ServiceExt};

use crate::Peer;

/// Longest time for the headers of a request: a client that dribbles them does not hold a connection for ever.
const HEADERS: Duration = Duration::from_secs(15);
/// Longest wait for open requests at the end.
const FAREWELL: Duration = Duration::from_secs(10);

/// Serves `router` until `stop` is cancelled, then lets open requests finish for ten seconds.
///
/// # Errors
/// Where the listener breaks for good.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> std::io::Result<()> {
    let connections = TaskTracker::new();
    loop {
        let (stream, peer) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => (stream, Peer(Some(peer.ip()))),
                Err(error) => {
                    // out of descriptors or a client gone early: the next one may be fine
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        connections.spawn(connection(stream, peer, router.clone(), stop.clone()));
    }
    connections.close();
    let _ = tokio::time::timeout(FAREWELL, connections.wait()).await;
    Ok(())
}

async fn connection(stream: TcpStream, peer: Peer, router: Router, stop: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        let mut router = router.clone();
        request.extensions_mut().insert(peer);
        async move {
            let ready: &mut Router = ServiceExt::<hyper::Request<Body>>::ready(&mut router).await?;
            ready.call(request.map(Body::new)).await
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(Some(Duration::from_secs(20)));
    let serving = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
