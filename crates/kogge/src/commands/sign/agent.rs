//! A signature by the ssh-agent. Source: draft-ietf-sshm-ssh-agent, sections 3 and 3.6.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ssh_key::{Algorithm, PublicKey, Signature};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// How long an agent may take: it may ask its user first.
const PATIENCE: Duration = Duration::from_secs(120);
/// The longest answer, in bytes, as in OpenSSH.
const LONGEST: usize = 256 << 10;

const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
/// With an RSA key: SHA-512.
const RSA_SHA2_512: u32 = 4;

/// Where the agent listens.
///
/// # Errors
/// In words: there is none.
pub(super) fn socket() -> Result<PathBuf, String> {
    let socket = std::env::var_os("SSH_AUTH_SOCK").filter(|socket| !socket.is_empty());
    socket.map(PathBuf::from).ok_or_else(|| {
        "it is a public key, and there is no ssh-agent (SSH_AUTH_SOCK) that could hold the private one"
            .to_owned()
    })
}

/// The agent's signature of the data.
///
/// # Errors
/// In words: no agent, no such key in it, or no answer in time.
pub(super) async fn sign(socket: &Path, key: &PublicKey, data: &[u8]) -> Result<Signature, String> {
    let blob = key.to_bytes().map_err(|error| error.to_string())?;
    let flags = if matches!(key.algorithm(), Algorithm::Rsa { .. }) { RSA_SHA2_512 } else { 0 };
    let mut request = vec![SIGN_REQUEST];
    push(&mut request, &blob)?;
    push(&mut request, data)?;
    request.extend_from_slice(&flags.to_be_bytes());
    let ask = async {
        let mut agent = UnixStream::connect(socket).await?;
        agent.write_u32(u32::try_from(request.len()).unwrap_or(u32::MAX)).await?;
        agent.write_all(&request).await?;
        let length = agent.read_u32().await? as usize;
        if length > LONGEST {
            return Err(std::io::Error::other("its answer is too long"));
        }
        let mut answer = vec![0; length];
        agent.read_exact(&mut answer).await.map(|_| answer)
    };
    let answer = tokio::time::timeout(PATIENCE, ask)
        .await
        .map_err(|_| format!("the ssh-agent did not answer within {} s", PATIENCE.as_secs()))?
        .map_err(|error| format!("asking the ssh-agent: {error}"))?;
    signature(&answer).ok_or_else(|| {
        let name = key.fingerprint(ssh_key::HashAlg::Sha256);
        format!("the ssh-agent does not sign with {name}; `ssh-add` gives it the key")
    })?
}

fn push(request: &mut Vec<u8>, text: &[u8]) -> Result<(), String> {
    let length = u32::try_from(text.len()).map_err(|_| "it is too long for an ssh-agent".to_owned())?;
    request.extend_from_slice(&length.to_be_bytes());
    request.extend_from_slice(text);
    Ok(())
}

/// The signature of an answer; `None` if the agent refuses.
fn signature(answer: &[u8]) -> Option<Result<Signature, String>> {
    let rest = answer.strip_prefix(&[SIGN_RESPONSE])?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let blob = rest.get(..u32::from_be_bytes(*length) as usize)?;
    Some(Signature::try_from(blob).map_err(|error| format!("the ssh-agent's signature: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_any_shape_are_refused_and_never_break() {
        for answer in [&[][..], &[5], &[14], &[14, 0, 0, 0], &[14, 255, 255, 255, 255, 1], &[13, 0, 0, 0, 0]]
        {
            assert!(signature(answer).is_none(), "{answer:?}");
        }
        assert!(signature(&[14, 0, 0, 0, 1, 7]).unwrap().is_err());
    }
}
