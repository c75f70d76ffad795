//! `--advisory`: shown, apart, and without any weight.

use kogge::test_cloud::TestCloud;

use crate::desk::Desk;

#[tokio::test]
async fn advice_stands_apart_and_decides_nothing() {
    let cloud = TestCloud::start().await;
    let desk = Desk::of(&cloud);
    let outputs = "json=r.json,yaml=r.yaml,junit=r.xml,markdown=r.md,html=r.html,sarif=r.sarif";
    // the test cloud has no https, so that one piece of advice is certain to be a failure
    let ended = desk.check(&["--tests", "scs-0100", "--advisory", "--output", outputs]).await.expect(0);
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
