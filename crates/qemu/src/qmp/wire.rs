//! QMP's messages.

use serde::Deserialize;
use serde_json::{Value, json};

/// A QMP connection or command failed.
#[derive(Debug, thiserror::Error)]
pub enum QmpError {
    /// The connection is closed; QEMU ended.
    #[error("QEMU's monitor is closed")]
    Closed,
    /// No answer in time.
    #[error("QEMU did not answer {command} in time")]
    Timeout {
        /// The command.
        command: String,
    },
    /// QEMU refused the command.
    #[error("QEMU refused {command}: {because}")]
    Refused {
        /// The command.
        command: String,
        /// QEMU's error class, `GenericError` mostly.
        class: String,
        /// QEMU's words.
        because: String,
    },
    /// The other side does not speak QMP.
    #[error("QEMU's monitor said something unexpected: {0}")]
    Protocol(String),
    /// The socket failed.
    #[error("QEMU's monitor cannot be reached: {0}")]
    Io(std::io::Error),
}

/// Something that happened in a guest.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// QEMU's name for it, such as `SHUTDOWN`.
    pub name: String,
    /// What comes with it.
    pub data: Value,
}

/// An answer: the value, or class and description of the error.
pub(super) type Reply = Result<Value, (String, String)>;

/// Anything that QEMU sends.
#[derive(Debug)]
pub(super) enum Message {
    Greeting,
    Event(Event),
    Reply(u64, Reply),
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "QMP")]
    greeting: Option<Value>,
    event: Option<String>,
    #[serde(default)]
    data: Value,
    id: Option<u64>,
    #[serde(rename = "return")]
    returned: Option<Value>,
    error: Option<RawError>,
}

#[derive(Deserialize)]
struct RawError {
    class: String,
    desc: String,
}

/// The line that asks for `name`.
pub(super) fn command(id: u64, name: &str, arguments: &Value) -> String {
    let mut message = json!({ "execute": name, "id": id });
    if !arguments.is_null() {
        message["arguments"] = arguments.clone();
    }
    format!("{message}\n")
}

pub(super) fn parse(line: &[u8]) -> Result<Message, QmpError> {
    let raw: Raw = serde_json::from_slice(line).map_err(|error| QmpError::Protocol(error.to_string()))?;
    if raw.greeting.is_some() {
        return Ok(Message::Greeting);
    }
    if let Some(name) = raw.event {
        return Ok(Message::Event(Event { name, data: raw.data }));
    }
    match (raw.id, raw.returned, raw.error) {
        (Some(id), _, Some(error)) => Ok(Message::Reply(id, Err((error.class, error.desc)))),
        (Some(id), value, None) => Ok(Message::Reply(id, Ok(value.unwrap_or_default()))),
        (None, _, Some(error)) => Err(QmpError::Protocol(error.desc)),
        (None, _, None) => Err(QmpError::Protocol("a message that is neither event nor answer".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn arguments_are_left_out_where_there_are_none() {
        assert_eq!(command(7, "stop", &Value::Null), "{\"execute\":\"stop\",\"id\":7}\n");
        assert!(command(8, "x", &json!({"a": 1})).contains("\"arguments\":{\"a\":1}"));
    }

    #[test]
    fn an_error_is_an_answer_to_its_question() {
        let line = br#"{"id": 3, "error": {"class": "GenericError", "desc": "no"}}"#;
        assert!(matches!(parse(line), Ok(Message::Reply(3, Err((_, why)))) if why == "no"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&line);
        }
    }
}
