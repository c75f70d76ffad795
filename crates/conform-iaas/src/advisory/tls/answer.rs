//! A server's first answer, read strictly from bytes that a stranger wrote.
//!
//! Source: RFC 5246 §6.2, §7.2, §7.4.1.3 and RFC 8446 §4.1.3. Nothing else of the handshake is looked at.

/// No first answer is longer: more than this is not read.
pub(super) const MOST: usize = 20 * 1024;

/// What a server said first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// It goes on with the handshake.
    Hello(ServerHello),
    /// It refuses, with this reason.
    Alert(u8),
}

/// What a server chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServerHello {
    /// The version, as on the wire.
    pub(super) version: u16,
    /// The cipher suite.
    pub(super) suite: u16,
    /// Whether it wants to compress.
    pub(super) compression: bool,
}

/// Why bytes are no answer of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotTls(pub(super) &'static str);

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const SERVER_HELLO: u8 = 2;
const SUPPORTED_VERSIONS: u16 = 43;

/// Reads an answer; `None` as long as more bytes are needed.
///
/// # Errors
/// [`NotTls`] as soon as no more bytes could make it an answer.
pub(super) fn read(bytes: &[u8]) -> Result<Option<Said>, NotTls> {
    let mut rest = bytes;
    let mut handshake = Vec::new();
    loop {
        let Some((kind, content, after)) = record(rest)? else { return Ok(None) };
        rest = after;
        match kind {
            ALERT if handshake.is_empty() => return alert(content).map(Some),
            HANDSHAKE => handshake.extend_from_slice(content),
            _ => return Err(NotTls("it begins with neither a handshake nor an alert")),
        }
        if let Some(message) = message(&handshake)? {
            return server_hello(message).map(Said::Hello).map(Some);
        }
    }
}

type Record<'a> = (u8, &'a [u8], &'a [u8]);

/// Kind, content and what follows, of the first record.
fn record(bytes: &[u8]) -> Result<Option<Record<'_>>, NotTls> {
    match bytes {
        [kind, ..] if !matches!(*kind, ALERT | HANDSHAKE) => Err(NotTls("it does not speak TLS")),
        [_, major, ..] if *major != 3 => Err(NotTls("its records are of an unknown version")),
        [kind, _, _, high, low, rest @ ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            if length == 0 || length > 16_384 {
                return Err(NotTls("a record of an impossible length"));
            }
            Ok(rest.split_at_checked(length).map(|(content, after)| (*kind, content, after)))
        }
        _ => Ok(None),
    }
}

fn alert(content: &[u8]) -> Result<Said, NotTls> {
    match content {
        [1 | 2, description] => Ok(Said::Alert(*description)),
        _ => Err(NotTls("an alert of a wrong shape")),
    }
}

/// The body of the first handshake message.
fn message(handshake: &[u8]) -> Result<Option<&[u8]>, NotTls> {
    match handshake {
        [kind, ..] if *kind != SERVER_HELLO => Err(NotTls("its first message is no server hello")),
        [_, a, b, c, rest @ ..] => {
            let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
            if length > 16_384 {
                return Err(NotTls("a server hello of an impossible length"));
            }
            Ok(rest.get(..length))
        }
        _ => Ok(None),
    }
}

/// Takes bytes from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], NotTls> {
        let (taken, rest) =
            self.0.split_at_checked(count).ok_or(NotTls("a server hello that ends too soon"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn u8(&mut self) -> Result<u8, NotTls> {
        Ok(self.take(1)?[0])
    }

    fn u16(&mut self) -> Result<u16, NotTls> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }
}

fn server_hello(body: &[u8]) -> Result<ServerHello, NotTls> {
    let mut reader = Reader(body);
    let mut version = reader.u16()?;
    reader.take(32)?;
    let session = reader.u8()?;
    if session > 32 {
        return Err(NotTls("a session id of an impossible length"));
    }
    reader.take(usize::from(session))?;
    let suite = reader.u16()?;
    let compression = reader.u8()? != 0;
    if !reader.0.is_empty() {
        let length = usize::from(reader.u16()?);
        let mut extensions = Reader(reader.take(length)?);
        while !extensions.0.is_empty() {
            let kind = extensions.u16()?;
            let length = usize::from(extensions.u16()?);
            let content = extensions.take(length)?;
            if let (SUPPORTED_VERSIONS, [high, low]) = (kind, content) {
                version = u16::from_be_bytes([*high, *low]);
            }
        }
    }
    if !reader.0.is_empty() {
        return Err(NotTls("a server hello with something behind it"));
    }
    Ok(ServerHello { version, suite, compression })
}

/// The word for an alert (RFC 8446 §6).
pub(super) fn alert_word(description: u8) -> String {
    let word = match description {
        0 => "close notify",
        40 => "handshake failure",
        47 => "illegal parameter",
        50 => "decode error",
        70 => "protocol version",
        71 => "insufficient security",
        80 => "internal error",
        86 => "inappropriate fallback",
        112 => "unrecognized name",
        other => return format!("alert {other}"),
    };
    format!("alert {description}, {word}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn answer(version: u16, suite: u16, extensions: &[u8]) -> Vec<u8> {
        let mut body = version.min(0x0303).to_be_bytes().to_vec();
        body.extend([7; 32]);
        body.push(2);
        body.extend([1, 2]);
        body.extend(suite.to_be_bytes());
        body.push(0);
        if !extensions.is_empty() {
            body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
            body.extend(extensions);
        }
        let mut message = vec![2, 0];
        message.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        message.extend(body);
        message
    }

    /// Cut into records of this size.
    fn records(message: &[u8], size: usize) -> Vec<u8> {
        let mut all = Vec::new();
        for part in message.chunks(size) {
            all.extend([22, 3, 3]);
            all.extend(u16::try_from(part.len()).unwrap().to_be_bytes());
            all.extend(part);
        }
        all
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = read(&bytes);
        }

        #[test]
        fn bytes_that_look_right_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 1..200)) {
            let mut message = vec![2, 0, 0, u8::try_from(bytes.len()).unwrap()];
            message.extend(bytes);
            let _ = read(&records(&message, 300));
        }

        #[test]
        fn an_answer_is_read_however_it_is_cut(
            suite: u16, size in 1usize..60, newest in proptest::bool::ANY, version in 0x0300u16..0x0304,
        ) {
            let extension: &[u8] = if newest { &[0, 43, 0, 2, 3, 4] } else { &[] };
            let bytes = records(&answer(version, suite, extension), size);
            let version = if newest { 0x0304 } else { version };
            let said = Said::Hello(ServerHello { version, suite, compression: false });
            prop_assert_eq!(read(&bytes), Ok(Some(said)));
            for end in 0..bytes.len() {
                prop_assert_eq!(read(&bytes[..end]), Ok(None));
            }
        }
    }

    #[test]
    fn an_alert_is_an_answer() {
        assert_eq!(read(&[21, 3, 1, 0, 2, 2, 70]), Ok(Some(Said::Alert(70))));
        assert!(alert_word(70).contains("protocol version"));
        assert_eq!(alert_word(99), "alert 99");
    }

    #[test]
    fn what_is_not_tls_is_told_at_once() {
        for bytes in
            [&b"HTTP/1.1 400"[..], b"SSH-2.0", &[22, 2, 0], &[22, 3, 3, 0, 0], &[22, 3, 3, 0, 4, 11, 0, 0, 0]]
        {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
    }
}
