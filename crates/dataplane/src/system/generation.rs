//! The number that the kernel gives a namespace's ruleset: it goes up with every change, whoever makes it. Asking it is
//! one small message, so that a ruleset that was flushed or changed by hand is noticed at the next application.

use kogge_node_api::NodeError;
use nix::libc;
use socket2::{Domain, Protocol, Socket, Type};

/// `NFNL_SUBSYS_NFTABLES` with `NFT_MSG_GETGEN`, and with its answer `NFT_MSG_NEWGEN`.
const GET: u16 = 10 << 8 | 16;
const NEW: u16 = 10 << 8 | 15;
/// `NFTA_GEN_ID`.
const ID: u16 = 1;
/// Bytes of `nlmsghdr` and `nfgenmsg`.
const HEAD: usize = 20;

/// The number of the ruleset in the calling thread's namespace.
///
/// # Errors
/// [`NodeError::Failed`] where the kernel does not say.
pub(crate) fn generation() -> Result<u32, NodeError> {
    let failed = |because: String| NodeError::failed("asking for the ruleset's number", because);
    let answer = ask().map_err(|error| failed(error.to_string()))?;
    read(&answer).ok_or_else(|| failed("the kernel's answer has none".to_owned()))
}

fn ask() -> std::io::Result<Vec<u8>> {
    let netfilter = Protocol::from(libc::NETLINK_NETFILTER);
    let socket = Socket::new(Domain::from(libc::AF_NETLINK), Type::RAW, Some(netfilter))?;
    socket.set_read_timeout(Some(std::time::Duration::from_secs(5)))?;
    let mut request = Vec::with_capacity(HEAD);
    request.extend(u32::try_from(HEAD).unwrap_or_default().to_ne_bytes());
    request.extend(GET.to_ne_bytes());
    request.extend(u16::try_from(libc::NLM_F_REQUEST).unwrap_or_default().to_ne_bytes());
    request.extend([0; 12]); // sequence and sender of nlmsghdr; family, version and resource of nfgenmsg
    socket.send(&request)?;
    let mut answer = vec![0; 4_096];
    let length = std::io::Read::read(&mut &socket, &mut answer)?;
    answer.truncate(length);
    Ok(answer)
}

/// The number in an answer.
fn read(answer: &[u8]) -> Option<u32> {
    let kind = u16::from_ne_bytes(*answer.get(4..)?.first_chunk()?);
    let mut attributes = answer.get(HEAD..).filter(|_| kind == NEW)?;
    loop {
        let length = usize::from(u16::from_ne_bytes(*attributes.first_chunk()?));
        let name = u16::from_ne_bytes(*attributes.get(2..)?.first_chunk()?);
        let value = attributes.get(4..length)?;
        if name == ID {
            return Some(u32::from_be_bytes(*value.first_chunk()?));
        }
        attributes = attributes.get(length.next_multiple_of(4)..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_and_anything_else_is_no_number() {
        let mut answer = vec![0; HEAD];
        answer[4..6].copy_from_slice(&NEW.to_ne_bytes());
        let attribute = |name: u16, value: &[u8]| {
            let length = u16::try_from(value.len() + 4).unwrap();
            [&length.to_ne_bytes()[..], &name.to_ne_bytes(), value].concat()
        };
        answer.extend(attribute(3, b"nft\0"));
        answer.extend(attribute(ID, &7_u32.to_be_bytes()));
        assert_eq!(read(&answer), Some(7));
        assert_eq!(read(&answer[..30]), None);
        answer[4] = 0;
        assert_eq!(read(&answer), None, "an error");
    }
}
