//! Work with files, which may take as long as the disk likes: never on a thread that others wait for.

use kogge_node_api::NodeError;

/// Does something with files; `step` says what, for whoever reads the error.
pub(crate) async fn with_files<T: Send + 'static>(
    step: &str,
    act: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, NodeError> {
    let done = tokio::task::spawn_blocking(act).await;
    let done = done.map_err(std::io::Error::other).and_then(|done| done);
    done.map_err(|error| NodeError::failed(step, error))
}
