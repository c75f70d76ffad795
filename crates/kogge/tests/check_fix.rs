//! `kogge fix`: a cloud broken by its administrator, mended by the program, checked as an ordinary member.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must stop")]

#[path = "check_fix/broken.rs"]
mod broken;
#[path = "check_fix/steps.rs"]
mod steps;
#[path = "check_fix/stopped.rs"]
mod stopped;

use kogge::test_cloud::TestCloud;
use serde_json::Value;

/// The day on which everything is judged: the scope's versions come and go.
const DAY: &str = "2026-11-24";

/// What `kogge` prints, and its exit code.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn of(output: std::process::Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }

    /// The objects that are changed, in order.
    fn changed(&self) -> Vec<String> {
        let told = self.json();
        let changes = told["changes"].as_array().unwrap();
        changes
            .iter()
            .map(|change| format!("{}: {}", text(&change["object"]["name"]), text(&change["what"])))
            .collect()
    }

    fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Runs the program itself, as its users do: no terminal, the cloud's own `clouds.yaml`. `--all` has it judge what the
/// scope only recommends too.
async fn check(cloud: &TestCloud, arguments: &[&str]) -> Ran {
    run(cloud, &[&["check", "--date", DAY, "--all"], arguments].concat()).await
}

async fn run(cloud: &TestCloud, arguments: &[&str]) -> Ran {
    let mut program = command(cloud, env!("CARGO_BIN_EXE_kogge"), arguments);
    Ran::of(program.output().await.unwrap())
}

fn command(cloud: &TestCloud, program: &str, arguments: &[&str]) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .env("OS_CLIENT_CONFIG_FILE", cloud.clouds_yaml())
        .env("XDG_STATE_HOME", std::path::Path::new(&cloud.clouds_yaml()).parent().unwrap())
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true);
    command
}

/// `kogge fix plan`, written to a file beside the cloud's.
async fn plan(cloud: &TestCloud, arguments: &[&str]) -> Ran {
    let (file, all) = (file(cloud), ["fix", "plan", "--cloud", "kogge-admin", "--date", DAY, "--all"]);
    run(cloud, &[&all[..], &["-o", &file], arguments].concat()).await
}

/// `kogge fix apply` of that file.
async fn apply(cloud: &TestCloud, arguments: &[&str]) -> Ran {
    run(cloud, &[&["fix", "apply", &file(cloud)], arguments].concat()).await
}

fn file(cloud: &TestCloud) -> String {
    std::path::Path::new(&cloud.clouds_yaml()).with_file_name("plan.json").to_string_lossy().into_owned()
}

/// What was written down before each change.
fn record(cloud: &TestCloud) -> Vec<Value> {
    let text = std::fs::read_to_string(format!("{}.record", file(cloud))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Everything that `kogge fix` may change, as the lists show it.
async fn lists(cloud: &TestCloud) -> Vec<Value> {
    let admin = cloud.session("kogge-admin").await;
    let mut all = Vec::new();
    for path in [
        "/compute/v2.1/flavors/detail?is_public=None",
        "/image/v2/images",
        "/network/v2.0/default-security-group-rules",
    ] {
        let answer = admin.speaking("compute 2.61").get(path).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        all.push(answer.body);
    }
    all
}

const TESTS: &str = "scs-010[023]|scs-0104-source|scs-0104-image-ubuntu-2404|scs-0115";

#[tokio::test(flavor = "multi_thread")]
async fn what_an_administrator_broke_is_mended_and_passes_as_a_member() {
    let cloud = TestCloud::start().await;
    broken::everything(&cloud).await;
    check(&cloud, &["--cloud", "kogge", "--tests", TESTS]).await.expect(3);
    plan(&cloud, &["--tests", TESTS]).await.expect(3);
    let mended = ["--yes", "--check-as", "kogge", "--format", "json"];
    let ran = apply(&cloud, &mended).await.expect(0);
    assert_eq!(
        ran.changed(),
        [
            "flavor \"SCS-2V-8\": the flavor",
            "flavor \"SCS-4V-16\": extra specs",
            "image \"Ubuntu 24.04\": os_version",
            "image \"Ubuntu 24.04\": hw_rng_model",
            &format!("default security group rule {}: the template", broken::rule(&ran.json())),
            "default security group rules: a template for egress IPv6",
        ]
    );
    let told = ran.json();
    assert!(told["applied"].as_array().unwrap().iter().all(|applied| applied["outcome"] == "done"), "{told}");
    let checked = told["checked"].as_array().unwrap();
    assert!(checked.iter().all(|stand| stand["before"] == "fail" && stand["after"] == "pass"), "{told}");
    assert_eq!(checked.len(), 5, "{told}");
    let record = record(&cloud);
    assert_eq!(record.len(), 12, "each change begins and ends: {record:?}");
    assert_eq!(record[2]["overwrites"]["scs:cpu-type"], "crowded-core", "{record:?}");
    check(&cloud, &["--cloud", "kogge", "--tests", TESTS]).await.expect(0);
    let before = lists(&cloud).await;
    let again = plan(&cloud, &["--tests", TESTS, "--format", "json"]).await.expect(0);
    assert_eq!(again.changed(), Vec::<String>::new());
    apply(&cloud, &["--yes"]).await.expect(0);
    assert_eq!(lists(&cloud).await, before, "the second run changes nothing");
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_shows_the_changes_and_makes_none() {
    let cloud = TestCloud::start().await;
    broken::everything(&cloud).await;
    let before = lists(&cloud).await;
    let ran = plan(&cloud, &["--tests", TESTS]).await.expect(3);
    for words in [
        "openstack flavor create SCS-2V-8 --vcpus 2 --ram 8192 --disk 0",
        "--property scs:cpu-type=shared-core",
        "openstack image set --property os_version=24.04",
        "openstack default security group rule delete",
        "careful:",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    assert_eq!(lists(&cloud).await, before);
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changed_since_the_plan_is_not_overwritten() {
    let cloud = TestCloud::start().await;
    broken::everything(&cloud).await;
    plan(&cloud, &["--tests", "scs-0103"]).await.expect(3);
    let admin = cloud.session("kogge-admin").await;
    let flavors = admin.get("/compute/v2.1/flavors").await.body;
    let flavor =
        flavors["flavors"].as_array().unwrap().iter().find(|one| one["name"] == "SCS-4V-16").unwrap();
    let path = format!("/compute/v2.1/flavors/{}/os-extra_specs", text(&flavor["id"]));
    let theirs = serde_json::json!({"extra_specs": {"scs:cpu-type": "dedicated-core"}});
    assert_eq!(admin.post(&path, theirs.clone()).await.status, 200);
    let ran = apply(&cloud, &["--yes"]).await.expect(4);
    assert!(
        ran.out.contains("changed since the plan was made") && ran.out.contains("1 of 2 changes"),
        "{}",
        ran.out
    );
    assert_eq!(admin.get(&path).await.body["extra_specs"]["scs:cpu-type"], "dedicated-core");
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_record_nothing_is_changed() {
    let cloud = TestCloud::start().await;
    broken::everything(&cloud).await;
    plan(&cloud, &["--tests", TESTS]).await.expect(3);
    let before = lists(&cloud).await;
    let ran = apply(&cloud, &["--yes", "--record", "/dev/full"]).await.expect(4);
    assert!(ran.out.contains("the record of the changes cannot be written"), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("0 of 6 changes made"), "{}", ran.out);
    assert_eq!(lists(&cloud).await, before);
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_nothing_is_changed_unless_agreed() {
    let cloud = TestCloud::start().await;
    broken::everything(&cloud).await;
    plan(&cloud, &["--tests", TESTS]).await.expect(3);
    let before = lists(&cloud).await;
    let ran = apply(&cloud, &[]).await.expect(2);
    assert!(ran.err.contains("--yes") && ran.out.contains("SCS-2V-8"), "{}{}", ran.out, ran.err);
    let ran = apply(&cloud, &["--format", "json"]).await.expect(2);
    assert!(ran.err.contains("--yes"), "{}", ran.err);
    assert_eq!(lists(&cloud).await, before);
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_administrator_is_told_so() {
    let cloud = TestCloud::start().await;
    let ran = run(&cloud, &["fix", "plan", "--cloud", "kogge"]).await.expect(4);
    assert!(ran.err.contains("needs role admin") && ran.err.contains("member"), "{}", ran.err);
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_people_can_mend_remains_and_says_so() {
    let cloud = TestCloud::start().await;
    let ran = plan(&cloud, &["--tests", "scs-0103|scs-0123-service-load-balancer|scs-0101"]).await.expect(3);
    assert!(ran.out.contains("nothing to change by API on cloud kogge-admin"), "{}", ran.out);
    assert!(
        ran.out.contains("For people to do") && ran.out.contains("scs-0123-service-load-balancer"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("Not looked at") && ran.out.contains("scs-0101-entropy-avail"), "{}", ran.out);
    apply(&cloud, &["--yes"]).await.expect(3);
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_are_told_before_anything_is_asked_of_the_cloud() {
    let cloud = TestCloud::start().await;
    let ran = plan(&cloud, &["--set", "min_rma=5"]).await.expect(2);
    assert!(ran.err.contains("min_rma") && ran.err.contains("min_ram"), "{}", ran.err);
    apply(&cloud, &["--yes"]).await.expect(2);
    std::fs::write(file(&cloud), "{}").unwrap();
    let ran = apply(&cloud, &["--yes"]).await.expect(2);
    assert!(ran.err.contains("no plan of kogge"), "{}", ran.err);
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flavor_of_wrong_size_is_replaced_only_when_no_server_has_it() {
    let cloud = TestCloud::start().await;
    let server = broken::flavor_in_use(&cloud, "SCS-1L-1-5").await;
    let tests = ["--tests", "scs-0103-flavor-1l-1-5", "--replace-flavors"];
    let before = lists(&cloud).await;
    let ran = plan(&cloud, &tests).await.expect(3);
    assert!(ran.out.contains("servers have this flavor"), "{}", ran.out);
    assert_eq!(lists(&cloud).await, before);
    broken::delete_server(&cloud, &server).await;
    let ran = plan(&cloud, &tests).await.expect(3);
    assert!(ran.out.contains("its id and all else stay"), "{}", ran.out);
    let old = broken::whole_flavor(&cloud, "SCS-1L-1-5").await;
    let ran = apply(&cloud, &["--yes"]).await.expect(0);
    assert!(ran.out.contains("FAIL          -> PASS"), "{}", ran.out);
    let new = broken::whole_flavor(&cloud, "SCS-1L-1-5").await;
    for key in ["id", "name", "swap", "OS-FLV-EXT-DATA:ephemeral", "rxtx_factor", "description", "disk"] {
        assert_eq!(new[key], old[key], "{key}");
    }
    assert_eq!((&old["ram"], &new["ram"]), (&2048.into(), &1024.into()));
    check(&cloud, &["--cloud", "kogge", "--tests", "scs-010[03]"]).await.expect(0);
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_own_values_mend_an_image_of_unknown_making() {
    let cloud = TestCloud::start().await;
    broken::plain_image(&cloud, "Appliance").await;
    let values = [
        "architecture=x86_64",
        "min_disk=5",
        "min_ram=256",
        "os_version=1",
        "os_distro=other",
        "os_purpose=custom",
        "image_build_date=2026-11-01",
        "image_original_user=none",
        "image_source=private",
        "image_description=An appliance",
        "replace_frequency=never",
        "provided_until=none",
    ];
    let set: Vec<&str> = values.iter().flat_map(|value| ["--set", value]).collect();
    let tests = ["--tests", "scs-0102"];
    plan(&cloud, &tests).await.expect(3);
    let ran = plan(&cloud, &[&tests[..], &set].concat()).await.expect(3);
    assert!(ran.out.contains("given with --set"), "{}", ran.out);
    apply(&cloud, &["--yes"]).await.expect(0);
    check(&cloud, &["--cloud", "kogge", "--tests", "scs-0102"]).await.expect(0);
    cloud.stop().await;
}
