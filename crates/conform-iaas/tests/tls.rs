//! The advisory checks of TLS against real servers: rustls in this process, and OpenSSL for what rustls never speaks.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "cloud/fixture.rs"]
mod fixture;
#[path = "tls/servers.rs"]
mod servers;

use fixture::Cloud;
use kogge_client::config::Selection;
use kogge_client::{Client, CloudConfig, Environment};
use kogge_conform::{CheckResult, Options, Report, Runner, Severity, Silent, Verdict};
use kogge_conform_iaas::advisory;
use servers::{Authority, OldServer, OpenSsl, Recipe, rustls_server};

/// The four checks of TLS against one server, as a client that trusts the authority of the tests.
async fn look(authority: &Authority, url: String) -> Report {
    let mut cloud = Cloud { catalog: vec!["compute".into()], ..Cloud::default() };
    cloud.addresses.insert("compute".into(), url);
    let running = cloud.start().await;
    let auth_url = format!("{}/identity", running.base);
    let cacert = authority.file();
    let vars = [
        ("OS_AUTH_URL", auth_url.as_str()),
        ("OS_USER_ID", "u"),
        ("OS_PASSWORD", "geheim"),
        ("OS_PROJECT_ID", "p1"),
        ("OS_CACERT", cacert.as_str()),
    ];
    let config = CloudConfig::load(&Environment::new(vars, "/nonexistent"), &Selection::default()).unwrap();
    let checks = advisory().into_iter().filter(|c| {
        let id = &c.description().id;
        id.starts_with("advisory-0125-") && !id.ends_with("https-endpoints")
    });
    let runner = Runner::new(Client::new(config).unwrap(), Options::default());
    runner.run(checks.collect(), &mut Silent).await
}

fn result<'a>(report: &'a Report, what: &str) -> &'a CheckResult {
    report.result(&format!("advisory-0125-{what}")).unwrap()
}

/// What a check found of a weight, in one text.
fn found(report: &Report, what: &str, severity: Severity) -> String {
    let all = result(report, what).findings.iter().filter(|f| f.severity == severity);
    all.map(|f| f.found.as_str()).collect::<Vec<_>>().join("\n")
}

/// What a check expected in vain.
fn violated<'a>(report: &'a Report, what: &str) -> Vec<&'a str> {
    let all = result(report, what).findings.iter().filter(|f| f.severity == Severity::Violation);
    all.map(|f| f.expected.as_str()).collect()
}

fn verdicts(report: &Report) -> [Verdict; 3] {
    ["certificates", "versions", "cipher-suites"].map(|what| result(report, what).verdict)
}

#[tokio::test]
async fn a_good_server_passes_and_is_named() {
    let authority = Authority::new();
    let url = rustls_server(&authority.make(&Recipe::default()), &[]).await;
    let report = look(&authority, url.clone()).await;
    assert_eq!(verdicts(&report), [Verdict::Pass; 3], "{:#?}", report.results);
    let info = &result(&report, "cipher-suites").findings[0];
    assert!(
        info.found.contains("ECDHE-ECDSA-AES128-GCM-SHA256") && info.found.contains("TLS_AES_256_GCM_SHA384")
    );
    let port = url.rsplit(':').next().unwrap().trim_end_matches('/');
    assert_eq!(info.object.name, format!("localhost:{port} (compute)"));
    assert!(found(&report, "hsts", Severity::Info).contains("as wanted"), "{:?}", result(&report, "hsts"));
    assert!(found(&report, "versions", Severity::Info).contains("other versions"));
}

#[tokio::test]
async fn each_fault_of_a_certificate_is_found_alone() {
    let authority = Authority::new();
    let good = Recipe::default();
    let stranger = Authority::new();
    for (certificate, word) in [
        (authority.make(&Recipe { days: (-100, -1), ..good.clone() }), "expired at"),
        (authority.make(&Recipe { days: (1, 30), ..good.clone() }), "valid from"),
        (authority.make(&Recipe { name: "elsewhere.example", ..good.clone() }), "other names"),
        (authority.make(&Recipe { days: (-1, 700), ..good.clone() }), "701 days"),
        (stranger.make(&good), "UnknownIssuer"),
    ] {
        let url = rustls_server(&certificate, &[]).await;
        let report = look(&authority, url).await;
        assert_eq!(
            verdicts(&report),
            [Verdict::Fail, Verdict::Pass, Verdict::Pass],
            "{word}: {:#?}",
            report.results
        );
        let violations = found(&report, "certificates", Severity::Violation);
        assert!(violations.contains(word) && violations.lines().count() == 1, "{word}: {violations}");
    }
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_a_warning() {
    let authority = Authority::new();
    let url = rustls_server(&authority.make(&Recipe { days: (-60, 5), ..Recipe::default() }), &[]).await;
    let report = look(&authority, url).await;
    assert_eq!(result(&report, "certificates").verdict, Verdict::Pass);
    assert!(found(&report, "certificates", Severity::Warning).starts_with("it ends at"));
}

#[tokio::test]
async fn the_profile_modern_and_the_lack_of_tls_1_3_are_told() {
    let authority = Authority::new();
    let certificate = authority.make(&Recipe::default());
    let old = look(&authority, rustls_server(&certificate, &[&rustls::version::TLS12]).await).await;
    assert_eq!(verdicts(&old), [Verdict::Pass; 3]);
    assert!(
        found(&old, "versions", Severity::Warning).starts_with("refused"),
        "{:#?}",
        result(&old, "versions")
    );
    let new = look(&authority, rustls_server(&certificate, &[&rustls::version::TLS13]).await).await;
    assert_eq!(verdicts(&new), [Verdict::Pass; 3]);
    assert_eq!(found(&new, "versions", Severity::Info), "so it is");
}

#[tokio::test]
async fn openssl_with_old_versions_and_weak_suites_is_seen_through() {
    let authority = Authority::new();
    let certificate = authority.make(&Recipe { rsa: true, ..Recipe::default() });
    let Some(server) = OpenSsl::start(&certificate, &["-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]).await
    else {
        return;
    };
    let report = look(&authority, server.url()).await;
    assert_eq!(verdicts(&report), [Verdict::Pass, Verdict::Fail, Verdict::Fail], "{:#?}", report.results);
    assert_eq!(violated(&report, "versions"), ["TLS 1.0 is refused", "TLS 1.1 is refused"]);
    let weak = found(&report, "cipher-suites", Severity::Violation);
    for name in
        ["NULL-SHA256 ", "ADH-AES128-SHA ", " AES128-SHA", "ECDHE-RSA-AES128-SHA ", "AES256-GCM-SHA384 "]
    {
        assert!(weak.contains(name.trim()), "{name}: {weak}");
    }
    assert!(
        weak.contains("no encryption at all")
            && weak.contains("without forward secrecy")
            && weak.contains("CBC mode")
    );
    let good = found(&report, "cipher-suites", Severity::Info);
    assert!(
        good.contains("DHE-RSA-CHACHA20-POLY1305") && good.contains("TLS_CHACHA20_POLY1305_SHA256"),
        "{good}"
    );
}

#[tokio::test]
async fn openssl_as_the_profile_wants_it_passes() {
    let authority = Authority::new();
    let certificate = authority.make(&Recipe { rsa: true, ..Recipe::default() });
    let cipher = ["-no_tls1", "-no_tls1_1", "-cipher", "ECDHE+AESGCM:ECDHE+CHACHA20"];
    let Some(server) = OpenSsl::start(&certificate, &cipher).await else { return };
    let report = look(&authority, server.url()).await;
    assert_eq!(verdicts(&report), [Verdict::Pass; 3], "{:#?}", report.results);
}

#[tokio::test]
async fn a_server_that_still_accepts_ssl_3_0_rc4_and_3des_is_told_so() {
    let authority = Authority::new();
    let certificate = authority.make(&Recipe { rsa: true, ..Recipe::default() });
    let Some(server) = OldServer::start(&certificate, (0, 3), "aes128gcm,aes128,3des,rc4") else { return };
    let report = look(&authority, server.url()).await;
    let refused = ["SSL 3.0 is refused", "TLS 1.0 is refused", "TLS 1.1 is refused"];
    assert_eq!(violated(&report, "versions"), refused, "{:#?}", result(&report, "versions"));
    let weak = found(&report, "cipher-suites", Severity::Violation);
    for name in ["RC4-SHA", "RC4-MD5", "DES-CBC3-SHA", "AES128-SHA"] {
        assert!(weak.contains(name), "{name}: {weak}");
    }
}

#[tokio::test]
async fn a_server_that_speaks_only_tls_1_1_has_no_certificate_for_us() {
    let authority = Authority::new();
    let certificate = authority.make(&Recipe { rsa: true, ..Recipe::default() });
    let old = ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"];
    let Some(server) = OpenSsl::start(&certificate, &old).await else { return };
    let report = look(&authority, server.url()).await;
    assert_eq!(
        verdicts(&report),
        [Verdict::CouldNotRun, Verdict::Fail, Verdict::Fail],
        "{:#?}",
        report.results
    );
    assert!(found(&report, "versions", Severity::Violation).contains("neither is accepted"));
    assert!(found(&report, "cipher-suites", Severity::Violation).contains("AES128-SHA"));
}

#[tokio::test]
async fn servers_that_do_not_speak_tls_are_undecided_in_bounded_time() {
    let authority = Authority::new();
    for say in [
        &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
        b"\x16\x03\x03\x40",
        b"\x16\x03\x03\x00\x01\x02\x16\x03\x03\x00\x03",
    ] {
        let url = servers::babbler(say).await;
        let started = std::time::Instant::now();
        let report = look(&authority, url).await;
        assert_eq!(verdicts(&report), [Verdict::CouldNotRun; 3], "{say:?}: {:#?}", report.results);
        assert!(started.elapsed().as_secs() < 60);
    }
}

#[tokio::test]
async fn a_catalogue_without_https_has_nothing_to_look_at() {
    let report = look(&Authority::new(), "http://127.0.0.1:9/".to_owned()).await;
    assert!(report.results.iter().all(|r| r.verdict == Verdict::NotApplicable));
}

#[tokio::test]
async fn a_metadata_service_in_the_catalogue_is_not_spoken_to() {
    let report = look(&Authority::new(), "https://169.254.169.254/latest".to_owned()).await;
    let result = result(&report, "versions");
    assert_eq!(result.verdict, Verdict::CouldNotRun);
    assert!(result.findings[0].found.contains("further inside"), "{result:?}");
}
