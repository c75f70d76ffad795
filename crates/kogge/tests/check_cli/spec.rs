//! `--spec`: a scope that upstream may publish tomorrow.

use axum::Router;
use axum::routing::get;
use kogge::test_cloud::TestCloud;

use crate::desk::Desk;

const SCOPE: &str = "
uuid: 50393e6f-2ae1-4c5c-a62c-3b75f2abef3f
name: SCS-compatible IaaS
url: https://example.org/scope.yaml
variables: [os_cloud]
scripts:
  - executable: ./test.py
    args: -c {os_cloud} {testcases}
    testcases:
      - {id: scs-0100-syntax-check, description: Known., url: https://example.org/a}
      - {id: scs-0999-brand-new, description: Nobody knows it yet., url: https://example.org/b}
modules:
  - id: one
    name: One
    url: https://example.org/one
    targets: {main: [scs-0100-syntax-check, scs-0999-brand-new]}
versions:
  - version: v9
    stabilized_at: 2026-01-01
    include: [one]
timeline:
  - {date: 2026-01-01, versions: {v9: effective}}
";

#[tokio::test]
async fn a_new_scope_is_usable_and_what_is_unknown_never_decides() {
    let cloud = TestCloud::start().await;
    let desk = Desk::of(&cloud);
    desk.write("scope.yaml", SCOPE);
    let ended = desk.check(&["--spec", "scope.yaml", "--report", "yaml=r.yaml"]).await.expect(4);
    assert!(ended.out.contains("COULD NOT RUN scs-0999-brand-new"), "{}", ended.out);
    assert!(ended.out.contains("v9 (effective), main: UNDECIDED"), "{}", ended.out);
    let yaml = desk.read("r.yaml");
    assert!(yaml.contains("scs-0999-brand-new: 0") && yaml.contains("scs-0100-syntax-check: 1"), "{yaml}");
    cloud.stop().await;
}

#[tokio::test]
async fn a_scope_comes_from_the_web_too() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = format!("http://{}/scope.yaml", listener.local_addr().unwrap());
    let routes = Router::new().route("/scope.yaml", get(|| async { SCOPE }));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let ended = Desk::bare().check(&["list", "--spec", &place]).await.expect(0);
    assert!(
        ended.out.contains("v9 (effective)") && ended.out.contains("scs-0999-brand-new"),
        "{}",
        ended.out
    );
    let missing = Desk::bare().check(&["list", "--spec", &format!("{place}.gone")]).await.expect(4);
    assert!(missing.err.contains("404"), "{}", missing.err);
}
