//! The passphrase of a private key: from the environment, else from the terminal.
//!
//! While it is typed, the terminal shows nothing and sends no signals. Whatever ends the prompt, also Ctrl-C or a signal
//! from outside, the terminal is as it was before.

use std::fs::File;
use std::io::{ErrorKind, IsTerminal};
use std::path::Path;

use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use secrecy::{ExposeSecret, SecretString};
use ssh_key::PrivateKey;
use tokio::sync::oneshot;

use crate::commands::signal;
use crate::output::tell;

/// The variable that holds it where nobody sits at a terminal.
const VARIABLE: &str = "KOGGE_SIGN_PASSPHRASE";
/// How often a person may try.
const TRIES: usize = 3;
/// Where people sit, whatever standard input and output are.
const TERMINAL: &str = "/dev/tty";

/// The key, decrypted; `None` if the user stopped at the prompt.
///
/// # Errors
/// In words: no or a wrong passphrase, or nobody to ask for it.
pub(super) async fn unlock(key: PrivateKey, file: &Path) -> Result<Option<PrivateKey>, String> {
    if let Ok(given) = std::env::var(VARIABLE) {
        let given = SecretString::from(given);
        return decrypted(&key, &given)
            .map(Some)
            .ok_or_else(|| format!("the passphrase in {VARIABLE} does not open it"));
    }
    // a program that feeds or starts us in the background must not wait for somebody at its terminal
    if !std::io::stdin().is_terminal() {
        return Err(nobody("standard input is no terminal"));
    }
    let mode = Mode::of_terminal().map_err(|error| nobody(&error.to_string()))?;
    let prompt = format!("Passphrase of {}: ", file.display());
    let (tell, told) = oneshot::channel();
    // a thread of its own: one of the runtime's would have to end before the program could
    std::thread::spawn(move || {
        // after a stop nobody waits for it
        let _ = tell.send(asked(&key, &prompt));
    });
    let opened = tokio::select! {
        opened = told => opened.unwrap_or_else(|_| Err("asking for its passphrase failed".to_owned())),
        _ = signal::ended() => Ok(None),
    };
    mode.restore();
    opened
}

fn nobody(because: &str) -> String {
    format!("it has a passphrase, and there is nobody to ask for it ({because}); put it into {VARIABLE}")
}

/// Asks, some times.
fn asked(key: &PrivateKey, prompt: &str) -> Result<Option<PrivateKey>, String> {
    for _ in 0..TRIES {
        let typed = match rpassword::prompt_password(prompt) {
            Ok(typed) => SecretString::from(typed),
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(None),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                tell!("");
                return Err(format!("no passphrase was given; type it, or put it into {VARIABLE}"));
            }
            Err(error) => return Err(nobody(&error.to_string())),
        };
        if let Some(open) = decrypted(key, &typed) {
            return Ok(Some(open));
        }
        tell!("That does not open it.");
    }
    Err("no passphrase opened it".to_owned())
}

fn decrypted(key: &PrivateKey, passphrase: &SecretString) -> Option<PrivateKey> {
    key.decrypt(passphrase.expose_secret().as_bytes()).ok()
}

/// How the terminal was.
struct Mode {
    terminal: File,
    before: Termios,
}

impl Mode {
    fn of_terminal() -> std::io::Result<Self> {
        let terminal = File::options().read(true).write(true).open(TERMINAL)?;
        let before = tcgetattr(&terminal)?;
        Ok(Self { terminal, before })
    }

    fn restore(&self) {
        // a terminal that went away needs no mode
        let _ = tcsetattr(&self.terminal, SetArg::TCSANOW, &self.before);
    }
}
