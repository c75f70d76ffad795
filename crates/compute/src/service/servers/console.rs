//! What a guest printed on its serial console.

use kogge_auth::Caller;
use kogge_node_api::NodeError;

use crate::error::{Error, Result};
use crate::{Compute, policy};

impl Compute {
    /// The last `lines` lines, or all that is kept. The one place where a request asks a node: it only reads.
    pub(crate) async fn console_output(
        &self,
        caller: &Caller,
        id: &str,
        lines: Option<u32>,
    ) -> Result<String> {
        let server = self.server(caller, id, &policy::CONSOLE_OUTPUT).await?;
        let not_ready = || Error::Conflict(format!("Instance {id} is not ready"));
        let host = server.placed.host.clone().ok_or_else(not_ready)?;
        let silent = || Error::Unavailable(format!("The host of {id} does not answer; try again later."));
        let node = self.nodes().get(&host).map_err(|_| silent())?;
        let patience = std::time::Duration::from_secs(10);
        let output = tokio::time::timeout(patience, node.console_output(server.id, lines)).await;
        let output = output.map_err(|_| silent())?;
        match output {
            Ok(bytes) => Ok(printable(&bytes)),
            Err(NodeError::NotFound { .. } | NodeError::NotYet { .. }) => Err(not_ready()),
            Err(error) => {
                tracing::warn!(server.id = id, host, %error, "the console of a server cannot be read");
                Err(Error::Unavailable(format!("The console of {id} cannot be read now; try again later.")))
            }
        }
    }
}

/// Without control characters but tab, newline; with anything that is no UTF-8 replaced.
fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().filter(|c| !matches!(c, '\0'..='\u{8}' | '\u{b}'..='\u{1f}')).collect()
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn control_characters_are_left_out() {
        assert_eq!(printable(b"a\x1b[0m\r\n\tb\xff\0"), "a[0m\n\tb\u{fffd}");
    }
}
