//! A compliance monitor that judges as upstream's does: by content type, HTTP Basic, and `ssh-keygen -Y verify`.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;

use crate::desk::Desk;

/// `monitor:geheim`.
pub(crate) const TOKEN: &str = "bW9uaXRvcjpnZWhlaW0=";

const END: &str = "-----END SSH SIGNATURE-----\n";

/// It runs until it is dropped.
#[derive(Clone)]
pub(crate) struct Monitor {
    pub(crate) place: String,
    state: Shared,
}

#[derive(Clone)]
struct Shared {
    public_key: String,
    /// How often it is busy before it looks at anything.
    busy: Arc<Mutex<usize>>,
    stored: Arc<Mutex<Vec<String>>>,
}

impl Monitor {
    /// One that knows this key.
    pub(crate) async fn start(public_key: String) -> Self {
        let state = Shared { public_key, busy: Arc::default(), stored: Arc::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = format!("http://{}/", listener.local_addr().unwrap());
        let routes = Router::new().route("/reports", post(take)).with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { place, state }
    }

    /// Makes it answer 503 that often.
    pub(crate) fn be_busy(&self, times: usize) {
        *self.state.busy.lock().unwrap() = times;
    }

    /// The reports that it took.
    pub(crate) fn stored(&self) -> Vec<String> {
        self.state.stored.lock().unwrap().clone()
    }
}

async fn take(
    State(state): State<Shared>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, HeaderMap, String) {
    let answer = |status, detail: &str| (status, HeaderMap::new(), format!("{{\"detail\": \"{detail}\"}}"));
    {
        let mut busy = state.busy.lock().unwrap();
        if *busy > 0 {
            *busy -= 1;
            let mut later = HeaderMap::new();
            later.insert("retry-after", "0".parse().unwrap());
            return (StatusCode::SERVICE_UNAVAILABLE, later, String::new());
        }
    }
    if headers["content-type"] != "application/x-signed-yaml" {
        return answer(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content type");
    }
    if headers["authorization"] != format!("Basic {TOKEN}") {
        return answer(StatusCode::UNAUTHORIZED, "wrong credentials");
    }
    let Some((signature, report)) = body.split_once(&format!("{END}&")) else {
        return answer(StatusCode::UNAUTHORIZED, "missing signature");
    };
    let desk = Desk::bare();
    desk.write("allowed", &format!("mail@csp.eu {}", state.public_key));
    desk.write("sig", &format!("{signature}{END}"));
    let words = ["-Y", "verify", "-f", "allowed", "-I", "mail@csp.eu", "-n", "report", "-s", "sig"];
    if desk.feed("ssh-keygen", &words, report.as_bytes()).await.code != 0 {
        return answer(StatusCode::UNAUTHORIZED, "verification failed");
    }
    state.stored.lock().unwrap().push(report.to_owned());
    (StatusCode::OK, HeaderMap::new(), "null".to_owned())
}
