//! SCS-0101: a small machine is booted, computes, prints to its console, and is removed.
//!
//! The experiment is upstream's: same choice of image and flavor, same network, same boot volume, same evaluation. One
//! thing differs: upstream's guest installs `rng-tools5` from a package mirror on the Internet; ours computes the FIPS
//! 140-2 tests itself with the Python that every cloud-init image has, so no mirror can decide about a cloud. Both
//! testcases share one machine. Upstream's boots from a volume; an advisory pair asks the same of one that does not.

mod choose;
mod console;
mod lab;

use kogge_conform::{Context, Problem};
use kogge_standards::{Finding, Judgement};

use console::Output;

/// Blocks of 1000 that may fail, and from how many on upstream mentions it.
const MOST_FAILURES: u64 = 5;
const MENTIONED_FAILURES: u64 = 4;

/// Where the machine's disk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disk {
    /// On a volume, as upstream has it.
    Volume,
    /// On the host, as large as the flavor says: for clouds without volumes.
    OwnDisk,
}

/// What the console of the machine showed.
enum Shown {
    /// What the script printed.
    Printed(Output),
    /// A line that says that the cloud only simulates its machines.
    Simulated(String),
}

/// What the console of a machine on its own disk showed: another machine than the official one.
struct OnOwnDisk(Shown);

/// What is asked about the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// Whether the kernel reports 256 bits.
    Available,
    /// Whether blocks of random numbers pass FIPS 140-2.
    Fips,
}

/// Judges one of the two testcases by the shared machine's console.
pub(crate) async fn on_a_volume(
    context: &Context,
    question: Question,
    id: &str,
) -> Result<Judgement, Problem> {
    match &*context.shared.get(Box::pin(lab::experiment(context, Disk::Volume))).await? {
        Shown::Printed(output) => question.judge(output, id),
        Shown::Simulated(line) => Err(Problem::cloud(format!(
            "the cloud only simulates its machines, so that there are no random numbers to judge: the console says {line:?}"
        ))),
    }
}

/// The same by a machine without a volume; `None` if the cloud only simulates its machines.
pub(crate) async fn on_own_disk(
    context: &Context,
    question: Question,
    id: &str,
) -> Result<Option<Judgement>, Problem> {
    let experiment = async { Box::pin(lab::experiment(context, Disk::OwnDisk)).await.map(OnOwnDisk) };
    match &context.shared.get(experiment).await?.0 {
        Shown::Printed(output) => question.judge(output, id).map(Some),
        Shown::Simulated(_) => Ok(None),
    }
}

impl Question {
    fn judge(self, output: &Output, id: &str) -> Result<Judgement, Problem> {
        let (finding, object) = match self {
            Self::Available => entropy(output)?,
            Self::Fips => fips(output)?,
        };
        let findings = finding.into_iter().map(|f| Finding { object: object.clone(), ..f }).collect();
        Ok(Judgement::from_findings(id.to_owned(), findings))
    }
}

type Judged = Result<(Option<Finding>, String), Problem>;

fn entropy(output: &Output) -> Judged {
    // it is printed twice: a line into which the kernel wrote is passed over if the other is whole
    let lines = output.section("entropy-avail").unwrap_or_default();
    let whole = lines.iter().find(|line| !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit()));
    let found = whole
        .or(lines.first())
        .copied()
        .ok_or_else(|| Problem::cloud("the console shows no entropy_avail of the guest"))?;
    let object = "the sample machine's kernel".to_owned();
    let fix = "use images with kernel 5.18 or newer, and let the hypervisor pass RDRAND on";
    let wrong = || Finding::violation("", "256 in /proc/sys/kernel/random/entropy_avail", found).fix(fix);
    Ok(((found != "256").then(wrong), object))
}

fn fips(output: &Output) -> Judged {
    let text = output.section("fips-test").map(|lines| lines.join("\n")).unwrap_or_default();
    let failures = failures(&text).ok_or_else(|| {
        Problem::cloud(format!(
            "the console shows no result of the FIPS 140-2 tests; the guest said: {}",
            excerpt(&text)
        ))
    })?;
    let object = "the sample machine's /dev/random".to_owned();
    let (expected, found) =
        (format!("at most {MOST_FAILURES} of 1000 blocks fail"), format!("{failures} failed"));
    let finding = match failures {
        0..MENTIONED_FAILURES => None,
        MENTIONED_FAILURES..=MOST_FAILURES => Some(Finding::info("", expected, found)),
        _ => Some(
            Finding::violation("", expected, found)
                .fix("check the CPU's and the hypervisor's random numbers"),
        ),
    };
    Ok((finding, object))
}

/// The first number behind `failures:` and one white-space.
fn failures(text: &str) -> Option<u64> {
    text.match_indices("failures:").find_map(|(at, word)| {
        let rest = &text[at + word.len()..];
        let rest = rest.strip_prefix(|c: char| c.is_whitespace())?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    })
}

fn excerpt(text: &str) -> String {
    let shown: String = text.chars().take(200).collect();
    if shown.is_empty() { "nothing".to_owned() } else { format!("{shown:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kogge_standards::Verdict;

    fn output(lines: &str) -> Output {
        Output::parse(lines)
    }

    fn verdict(judged: Judged) -> Option<Verdict> {
        let (finding, _) = judged.ok()?;
        Some(Judgement::from_findings("t", finding.into_iter().collect()).verdict)
    }

    #[test]
    fn exactly_256_bits_pass() {
        for (line, expected) in [
            ("[ 7.1] _scs-test-entropy-avail: 256\n", Some(Verdict::Pass)),
            ("_scs-test-entropy-avail: 255\n", Some(Verdict::Fail)),
            ("_scs-test-entropy-avail: 256x\n", Some(Verdict::Fail)),
            (
                "_scs-test-entropy-avail: 25[ 9.1] usb 1-1: new\n_scs-test-entropy-avail: 256\n",
                Some(Verdict::Pass),
            ),
            ("_scs-test-entropy-avail: 25\n_scs-test-entropy-avail: 256\n", Some(Verdict::Fail)),
            ("nothing\n", None),
        ] {
            assert_eq!(verdict(entropy(&output(line))), expected, "{line}");
        }
    }

    #[test]
    fn up_to_five_failures_pass() {
        for (count, expected) in
            [(0, Verdict::Pass), (4, Verdict::Pass), (5, Verdict::Pass), (6, Verdict::Fail)]
        {
            let line = format!("_scs-test-fips-test: rngtest: FIPS 140-2 failures: {count}\n");
            assert_eq!(verdict(fips(&output(&line))), Some(expected), "{count}");
        }
    }

    #[test]
    fn no_result_is_no_verdict_and_shows_what_the_guest_said() {
        let problem = fips(&output("_scs-test-fips-test: python3: not found\n")).unwrap_err();
        assert!(problem.text().contains("python3: not found"), "{problem}");
        assert_eq!(failures("failures:7"), None);
        assert_eq!(failures("failures: x failures: 8"), Some(8));
    }
}
