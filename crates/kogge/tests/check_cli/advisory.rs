//! `--advisory`: shown, apart, and without any weight.

use kogge::test_cloud::TestCloud;

use crate::desk::Desk;

#[tokio::test]
async fn advice_stands_apart_and_decides_nothing() {
    let cloud = TestCloud::start().await;
    let desk = Desk::of(&cloud);
    let outputs = "json=r.json,yaml=r.yaml,junit=r.xml,markdown=r.md,html=r.html,sarif=r.sarif";
    // the test cloud has no https, so that one piece of advice is certain to be a failure
    let ended = desk.check(&["--tests", "scs-0100", "--advisory", "--report", outputs]).await.expect(0);
    let (official, advice) = ended.out.split_once("Advice, which decides nothing:").unwrap();
    assert!(!official.contains("advisory-"), "{official}");
    assert!(advice.contains("FAIL (advice)") && advice.contains("advisory-0125-https-endpoints"), "{advice}");
    assert!(advice.contains("2 checks: 2 pass"), "{advice}");
    assert!(!desk.read("r.yaml").contains("advisory-"));
    let sections: Vec<String> = desk.json("r.json")["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["section"].as_str().unwrap().to_owned())
        .collect();
    assert!(sections.starts_with(&["official".to_owned(), "official".to_owned(), "advisory".to_owned()]));
    for (file, heading) in [
        ("r.xml", "testsuite name=\"advice\""),
        ("r.md", "# Advice"),
        ("r.html", "<h2>Advice</h2>"),
        ("r.sarif", "advice/"),
    ] {
        let text = desk.read(file);
        let (before, after) = text.split_once(heading).unwrap_or_else(|| panic!("{file}: {text}"));
        assert!(after.contains("advisory-0125-https-endpoints") || file == "r.sarif", "{file}");
        assert!(!before.contains("advisory-0125") || file == "r.sarif", "{file}");
    }
    cloud.stop().await;
}

#[tokio::test]
async fn what_is_named_alone_runs_alone_and_is_no_pass() {
    let cloud = TestCloud::start().await;
    let desk = Desk::of(&cloud);
    // neither --advisory nor an answer is given: the name is enough
    let advice = desk.check(&["--tests", "advisory-0125-https", "--report", "json=r.json"]).await.expect(4);
    assert!(
        advice.out.contains("FAIL (advice)") && advice.out.contains("0 checks: none ran"),
        "{}",
        advice.out
    );
    assert!(advice.out.contains("INCOMPLETE") && !advice.out.contains("PASS"), "{}", advice.out);
    assert_eq!(desk.json("r.json")["results"].as_array().unwrap().len(), 1);

    let question = ["--tests", "availability-zones-check"];
    let asked = desk.check(&question).await.expect(4);
    assert!(asked.out.contains("NOT FINISHED (answer) availability-zones-check"), "{}", asked.out);
    let answer =
        ["manual", "--answer", "availability-zones-check=yes", "--note", "three rooms", "--by", "Ada"];
    desk.check(&answer).await.expect(0);
    let answered = desk.check(&question).await.expect(4);
    assert!(answered.out.contains("PASS (answer) availability-zones-check"), "{}", answered.out);
    assert!(answered.out.contains("1 questions to people: 1 pass"), "{}", answered.out);

    let both = desk.check(&["--tests", "scs-0100|advisory-0125-https"]).await.expect(0);
    assert!(both.out.contains("2 checks: 2 pass") && both.out.contains("1 advisory checks"), "{}", both.out);
    let fix = ["fix", "plan", "--cloud", "kogge-admin", "--tests", "advisory-0125-https"];
    assert!(desk.kogge(&fix).await.expect(2).err.contains("decides nothing"));
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_cloud_is_judged_whole_and_within_seconds() {
    let cloud = TestCloud::start().await;
    crate::overlap::image(&cloud).await;
    let desk = Desk::of(&cloud);
    desk.check(&["--tests", "scs-0100", "--advisory", "--report", "json=r.json"]).await.expect(0);
    let report = desk.json("r.json");
    let results = report["results"].as_array().unwrap();
    let verdict = |id: &str| {
        let result = results.iter().find(|one| one["id"] == id).unwrap_or_else(|| panic!("no {id}"));
        (result["verdict"].as_str().unwrap(), result["reason"].as_str().unwrap_or_default())
    };
    // a simulated machine says so itself: nobody waits for what it would print
    let (simulated, why) = verdict("advisory-0101-entropy-avail");
    assert!(simulated == "not-applicable" && why.contains("only simulates"), "{why}");
    let (store, why) = verdict("advisory-0123-s3-objects");
    assert!(store == "not-applicable" && why.contains("no object store"), "{why}");
    // the account that a new cloud has for it, named by the check.toml beside clouds.yaml
    let of_managers = results.iter().filter(|one| one["id"].as_str().unwrap().starts_with("advisory-0302-"));
    let of_managers: Vec<_> = of_managers.map(|one| one["verdict"].as_str().unwrap()).collect();
    assert_eq!(of_managers, ["pass"; 3], "{report}");
    let unfinished = results.iter().filter(|one| one["verdict"] == "not-finished");
    assert_eq!(unfinished.count(), 0, "{report}");
    assert!(report["run"]["api_versions"]["compute"].is_string(), "{}", report["run"]);
    assert!(report["run"]["clock_offset_ms"].as_i64().unwrap().abs() < 60_000, "{}", report["run"]);
    assert_eq!(report["run"]["region"], "RegionOne");
    assert!(results.iter().all(|one| one["checked_at"].is_string() && one["revision"] == 1));

    // what a profile keeps brings no advice along, and one that says otherwise goes first
    let plain = desk.check(&["--tests", "scs-0100"]).await.expect(0);
    assert!(!plain.out.contains("advisory-"), "{}", plain.out);
    desk.write("none.toml", "[cloud.kogge]\nsubject = \"mine\"\n");
    let words = ["--tests", "advisory-0302", "--profile", "none.toml", "--report", "json=r.json"];
    let without = desk.check(&words).await.expect(4);
    assert!(without.out.contains("COULD NOT RUN (advice) advisory-0302"), "{}", without.out);
    assert!(without.out.contains("--domain-manager-cloud NAME"), "{}", without.out);
    assert_eq!(desk.json("r.json")["run"]["subject"], "mine");
    cloud.stop().await;
}
