//! SCS-0101: the sample machine.

use http::Method;
use serde_json::{Value, json};

use super::{Change, Mutation};

const AVAIL: &str = "scs-0101-entropy-avail";
const FIPS: &str = "scs-0101-fips-test";
const BOTH: &str = "scs-0101-*";

fn console(name: &str, what: &str, from: &'static str, to: &'static str) -> Mutation {
    Mutation::new(name, what).change(Change::Console(from, to))
}

/// All of them.
pub(super) fn all() -> Vec<Mutation> {
    [console_text(), around()].concat()
}

fn console_text() -> Vec<Mutation> {
    vec![
        console("entropy-3000", "the kernel reports 3000 bits, as before 5.18", "256", "3000")
            .fails(AVAIL, "the sample machine's kernel"),
        console(
            "entropy-unsaid",
            "the console does not show entropy_avail",
            "entropy-avail: 256",
            "other: 256",
        )
        .opens(AVAIL, "entropy_avail"),
        console("fips-6", "6 of 1000 blocks fail", "failures: 1", "failures: 6")
            .fails(FIPS, "the sample machine's /dev/random"),
        console(
            "fips-5",
            "5 of 1000 blocks fail: the code allows what the notes do not",
            "failures: 1",
            "failures: 5",
        )
        .notes(FIPS, "the sample machine's /dev/random"),
        console("fips-unsaid", "the guest cannot compute", "failures: 1", "python3: not found")
            .opens(FIPS, "not found"),
        console(
            "cloud-init-broken",
            "cloud-init could not run the script",
            "_scs-test-end",
            "Failed to run module scripts-user",
        )
        .opens(BOTH, "cloud-init"),
        console(
            "machines-simulated",
            "the cloud only simulates its machines, and their consoles say so",
            "[    1.0] Linux",
            "FAKE CONSOLE OUTPUT",
        )
        .opens(BOTH, "only simulates"),
    ]
}

/// What the experiment needs around the machine.
fn around() -> Vec<Mutation> {
    let refused = |name, what, path| {
        let change = Change::Answer {
            method: Method::POST,
            path,
            status: 403,
            body: r#"{"forbidden": {"message": "quota"}}"#,
        };
        Mutation::new(name, what).change(change).opens(BOTH, "quota")
    };
    vec![
        Mutation::new("server-error", "the machine goes into ERROR")
            .change(Change::Status("servers", "ERROR"))
            .opens(BOTH, "No valid host"),
        Mutation::new("no-external-network", "there is no external network")
            .change(Change::Nothing("networks"))
            .opens(BOTH, "external network"),
        refused("network-quota", "the quota allows no network", "/network/v2.0/networks"),
        refused("server-quota", "the quota allows no server", "/compute/v2.1/servers"),
        Mutation::new("unknown-min-ram", "the best image does not say how much RAM it needs")
            .image("Debian 13", &[("min_ram", Value::Null)])
            .opens(BOTH, "min_ram")
            .fails("scs-0102-prop-min_ram", "image \"Debian 13\""),
        Mutation::new("no-fitting-flavor", "the best image needs more RAM than any flavor has")
            .image("Debian 13", &[("min_ram", json!(1_000_000))])
            .opens(BOTH, "no flavor"),
    ]
}
