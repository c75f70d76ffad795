//! Prompts on a real terminal: what is typed, what is shown of it, and how the terminal is afterwards.

use std::process::Stdio;
use std::time::{Duration, Instant};

use kogge::test_cloud::TestCloud;
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::Pid;
use rexpect::session::{PtySession, spawn_command};

use crate::desk::Desk;
use crate::sign::key;

/// How long somebody waits for a word, in milliseconds.
const PATIENCE: u64 = 60_000;

/// What somebody types at a terminal in its usual mode: the command, then how the terminal is. The shell itself hears
/// signals and goes on.
const TYPED: &str = r#"trap : INT TERM; stty sane; echo "shell $$ before $(stty -g)"; "$@"; echo "ended $?"; echo "after $(stty -g)"; echo bye"#;
/// The same, with the command's standard input from elsewhere.
const FED: &str = r#"stty sane; echo "shell $$ before $(stty -g)"; "$@" </dev/null; echo "ended $?"; echo "after $(stty -g)"; echo bye"#;

/// A terminal at which `kogge check` runs.
struct Terminal {
    session: PtySession,
    /// Everything that was shown so far.
    seen: String,
    shell: i32,
    before: String,
}

impl Terminal {
    fn new(desk: &Desk, typed: &str, words: &[&str]) -> Self {
        let whole = ["fix", "standards"].iter().any(|first| words.first() == Some(first));
        let command: &[&str] = if whole { &[] } else { &["check"] };
        let program = [&["-c", typed, "sh", env!("CARGO_BIN_EXE_kogge")], command, words].concat();
        let mut command = desk.command("sh", &program).into_std();
        command.stdin(Stdio::inherit()).stdout(Stdio::inherit()).stderr(Stdio::inherit());
        let mut session = spawn_command(command, Some(PATIENCE)).unwrap();
        let (seen, found) = session.exp_regex(r"shell \d+ before [0-9a-f:]+").unwrap();
        let mut found = found.split(' ').skip(1).step_by(2).map(str::to_owned);
        let (shell, before) = (found.next().unwrap().parse().unwrap(), found.next().unwrap());
        Self { session, seen, shell, before }
    }

    /// Waits until a text is shown.
    fn sees(&mut self, text: &str) -> &mut Self {
        let before = self.session.exp_string(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        self.seen += &before;
        self.seen += text;
        self
    }

    /// Waits until what is typed is no longer shown, which is a moment after the prompt.
    fn is_hidden(&mut self) -> &mut Self {
        let terminal = self.session.process().get_file_handle().unwrap();
        let begun = Instant::now();
        while tcgetattr(&terminal).unwrap().local_flags.contains(LocalFlags::ECHO) {
            assert!(begun.elapsed() < Duration::from_secs(10), "it shows what is typed");
            std::thread::sleep(Duration::from_millis(10));
        }
        self
    }

    fn types(&mut self, keys: &str) -> &mut Self {
        self.session.send(keys).unwrap();
        self.session.flush().unwrap();
        self
    }

    /// The program itself, which the shell started.
    fn program(&self) -> Pid {
        let path = format!("/proc/{0}/task/{0}/children", self.shell);
        Pid::from_raw(std::fs::read_to_string(path).unwrap().trim().parse().unwrap())
    }

    /// The command ended with this code, and the terminal is in its old mode. All that was shown.
    fn ends(mut self, code: i32) -> String {
        self.sees(&format!("ended {code}")).sees("after ");
        let after = self.session.exp_string("bye").unwrap();
        assert_eq!(after.trim(), self.before, "the terminal's mode; {}", self.seen);
        self.seen
    }
}

/// Sits down at a terminal: everything there blocks.
async fn sit(desk: &Desk, typed: &'static str, words: &[&str], act: impl FnOnce(Terminal) + Send + 'static) {
    let terminal = Terminal::new(desk, typed, words);
    tokio::task::spawn_blocking(move || act(terminal)).await.unwrap();
}

const SIGN: [&str; 6] = ["--tests", "scs-0100-syntax", "--report", "yaml=r.yaml", "--sign", "k"];
const PROMPT: &str = "Passphrase of k: ";

async fn with_a_locked_key(cloud: &TestCloud) -> Desk {
    let desk = Desk::of(cloud);
    key(&desk, "k", &["-t", "ed25519", "-N", "geheim", "-a", "4"]).await;
    desk
}

#[tokio::test]
async fn a_wrong_passphrase_is_told_and_none_is_ever_shown() {
    let cloud = TestCloud::start().await;
    let desk = with_a_locked_key(&cloud).await;
    sit(&desk, TYPED, &SIGN, |mut terminal| {
        terminal.sees(PROMPT).is_hidden().types("verkehrt\r").sees("That does not open it.");
        terminal.sees(PROMPT).is_hidden().types("geheim\r").sees("signed: r.yaml.sig");
        let seen = terminal.ends(0);
        assert!(!seen.contains("verkehrt") && !seen.contains("geheim"), "{seen}");
    })
    .await;
    sit(&desk, TYPED, &SIGN, |mut terminal| {
        for _ in 0..3 {
            terminal.sees(PROMPT).is_hidden().types("verkehrt\r").sees("That does not open it.");
        }
        let seen = terminal.ends(2);
        assert!(seen.contains("no passphrase opened it") && !seen.contains("verkehrt"), "{seen}");
    })
    .await;
    cloud.stop().await;
}

#[tokio::test]
async fn who_stops_at_the_passphrase_has_the_terminal_back_and_nothing_was_checked() {
    let cloud = TestCloud::start().await;
    let desk = with_a_locked_key(&cloud).await;
    sit(&desk, TYPED, &SIGN, |mut terminal| {
        terminal.sees(PROMPT).is_hidden().types("gehe\u{3}");
        let seen = terminal.ends(4);
        assert!(seen.contains("stopped; nothing was checked") && !seen.contains("gehe"), "{seen}");
    })
    .await;
    sit(&desk, TYPED, &SIGN, |mut terminal| {
        terminal.sees(PROMPT).is_hidden();
        kill(terminal.program(), Signal::SIGTERM).unwrap();
        assert!(terminal.ends(4).contains("stopped; nothing was checked"));
    })
    .await;
    sit(&desk, TYPED, &SIGN, |mut terminal| {
        terminal.sees(PROMPT).is_hidden().types("\u{4}");
        assert!(terminal.ends(2).contains("no passphrase was given"));
    })
    .await;
    assert!(!desk.path("r.yaml").exists() && !desk.path("r.yaml.sig").exists());
    cloud.stop().await;
}

#[tokio::test]
async fn nobody_is_asked_whose_standard_input_is_no_terminal() {
    let cloud = TestCloud::start().await;
    let desk = with_a_locked_key(&cloud).await;
    sit(&desk, FED, &SIGN, |terminal| {
        let seen = terminal.ends(2);
        assert!(seen.contains("KOGGE_SIGN_PASSPHRASE") && !seen.contains(PROMPT), "{seen}");
    })
    .await;
    cloud.stop().await;
}

#[tokio::test]
async fn only_a_yes_on_the_terminal_changes_the_cloud() {
    let cloud = TestCloud::start().await;
    let admin = cloud.session("kogge-admin").await;
    let flavors = admin.get("/compute/v2.1/flavors").await;
    let flavors = flavors.body["flavors"].as_array().unwrap();
    let id = flavors.iter().find(|flavor| flavor["name"] == "SCS-1V-4").unwrap()["id"].as_str().unwrap();
    assert_eq!(admin.delete(&format!("/compute/v2.1/flavors/{id}")).await.status, 202);
    let desk = Desk::of(&cloud);
    let plan =
        ["fix", "plan", "--cloud", "kogge-admin", "--tests", "scs-0103-flavor-1v-4$", "--format", "json"];
    let missing = async || desk.kogge(&plan).await.json()["changes"].as_array().unwrap().len();
    assert_eq!(missing().await, 1);
    desk.kogge(&[&plan[..], &["-o", "plan.json"]].concat()).await.expect(3);
    let fix = ["fix", "apply", "plan.json"];
    for (typed, keys, code, told) in [
        (TYPED, "\u{3}", 130, ""),
        (TYPED, "\u{4}", 4, "Nothing was changed"),
        (TYPED, "n\r", 4, "Nothing was changed"),
        (TYPED, "\r", 4, "Nothing was changed"),
    ] {
        sit(&desk, typed, &fix, move |mut terminal| {
            terminal.sees("Make these 1 changes? [y/N] ").types(keys);
            let seen = terminal.ends(code);
            assert!(seen.contains(told), "{keys:?}: {seen}");
        })
        .await;
        assert_eq!(missing().await, 1, "{keys:?}");
    }
    sit(&desk, FED, &fix, |terminal| {
        let seen = terminal.ends(2);
        assert!(seen.contains("--yes") && !seen.contains("[y/N]"), "{seen}");
    })
    .await;
    assert_eq!(missing().await, 1);
    sit(&desk, TYPED, &fix, |mut terminal| {
        terminal.sees("[y/N] ").types("y\r").sees("1 of 1 changes made");
        terminal.ends(0);
    })
    .await;
    assert_eq!(missing().await, 0);
    cloud.stop().await;
}

#[tokio::test]
async fn an_answer_that_is_not_finished_is_not_kept() {
    let cloud = TestCloud::start().await;
    let desk = Desk::of(&cloud);
    let words = ["manual", "--id", "availability-zones-check", "--by", "Ada"];
    for (keys, code) in [("\u{3}", 130), ("\u{4}", 2)] {
        sit(&desk, TYPED, &words, move |mut terminal| {
            terminal.sees("[yes/no/na, empty to pass over] ").types("yes\r").sees("Address of the evidence");
            terminal.types(keys);
            terminal.ends(code);
        })
        .await;
    }
    let list = async || desk.check(&["manual", "--id", "availability-zones-check"]).await.expect(0).out;
    assert!(list().await.contains("not answered"), "{}", list().await);
    sit(&desk, TYPED, &words, |mut terminal| {
        terminal.sees("[yes/no/na, empty to pass over] ").types("yes\r").sees("Address of the evidence");
        terminal.types("https://example.org/az\r").sees("Note").types("\r").sees("kept in");
        terminal.ends(0);
    })
    .await;
    assert!(list().await.contains("yes until"), "{}", list().await);
    cloud.stop().await;
}

/// At a terminal of 80 columns, with colours and without.
const NARROW: &str = r#"stty sane; stty cols 80; export TERM=xterm; echo "shell $$ before $(stty -g)"; "$@"; echo "ended $?"; echo "after $(stty -g)"; echo bye"#;
const COLOURLESS: &str = r#"stty sane; stty cols 80; export TERM=xterm NO_COLOR=1; echo "shell $$ before $(stty -g)"; "$@"; echo "ended $?"; echo "after $(stty -g)"; echo bye"#;

#[tokio::test]
async fn a_terminal_gets_its_width_and_colours_unless_it_wants_none() {
    let cloud = TestCloud::start().await;
    let desk = Desk::of(&cloud);
    let check = ["--tests", "scs-0100-syntax"];
    for (typed, coloured) in [(NARROW, true), (COLOURLESS, false)] {
        sit(&desk, typed, &check, move |terminal| {
            let seen = terminal.ends(0);
            assert_eq!(seen.contains("\u{1b}[0m"), coloured, "{seen}");
        })
        .await;
    }
    for words in [&["standards", "list"][..], &["list"]] {
        sit(&desk, COLOURLESS, words, |terminal| {
            let seen = terminal.ends(0);
            let told = seen.lines().skip(1).filter(|line| !line.contains("ended") && !line.contains("after"));
            let longest = told.map(|line| line.trim_end().chars().count()).max().unwrap();
            assert!((40..=80).contains(&longest), "{longest}: {seen}");
        })
        .await;
    }
    cloud.stop().await;
}
