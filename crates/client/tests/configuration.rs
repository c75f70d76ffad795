//! `clouds.yaml` and its relatives: search and merge order, every kind of sign-in, and errors that help.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;

use kogge_client::config::{ByIdOrName, ConfigError, Credentials, Scope, Selection};
use kogge_client::{CloudConfig, Environment, Interface};
use proptest::prelude::*;
use secrecy::ExposeSecret;

const CLOUD: &str = "
clouds:
  a:
    auth: {auth_url: 'https://k.example:5000', username: joe, password: geheim, project_name: demo, domain_name: Default}
  b:
    auth_type: v3applicationcredential
    auth: {auth_url: 'https://k.example/identity', application_credential_id: abc, application_credential_secret: geheim}
    region_name: south
    interface: internal
    verify: false
";

fn write(dir: &Path, name: &str, text: &str) {
    std::fs::write(dir.join(name), text).unwrap();
}

fn load(dir: &Path, vars: &[(&str, &str)], cloud: Option<&str>) -> Result<CloudConfig, ConfigError> {
    let env = Environment::new(vars.iter().copied(), dir);
    CloudConfig::load(&env, &Selection { cloud: cloud.map(str::to_owned), region: None })
}

fn load_text(text: &str) -> Result<CloudConfig, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "clouds.yaml", text);
    load(dir.path(), &[], None)
}

fn one(cloud: &str) -> Result<CloudConfig, ConfigError> {
    load_text(&format!("clouds:\n  only:\n    {}\n", cloud.replace('\n', "\n    ")))
}

#[test]
fn a_password_cloud_is_read() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "clouds.yaml", CLOUD);
    let cloud = load(dir.path(), &[], Some("a")).unwrap();
    let Credentials::Password { user, password } = &cloud.credentials else { panic!("{cloud:?}") };
    assert_eq!(user.user, ByIdOrName::Name("joe".into()));
    assert_eq!(user.domain, Some(ByIdOrName::Name("Default".into())));
    assert_eq!(password.expose_secret(), "geheim");
    let domain = Some(ByIdOrName::Name("Default".into()));
    assert_eq!(cloud.scope, Scope::Project { project: ByIdOrName::Name("demo".into()), domain });
    assert!(cloud.tls.verify && cloud.interface == Interface::Public);
}

#[test]
fn an_application_credential_cloud_is_read() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "clouds.yaml", CLOUD);
    let cloud = load(dir.path(), &[("OS_CLOUD", "b")], None).unwrap();
    assert!(matches!(cloud.credentials, Credentials::ApplicationCredential { .. }));
    assert_eq!((cloud.scope, cloud.interface), (Scope::OfCredential, Interface::Internal));
    assert_eq!(cloud.region.as_deref(), Some("south"));
    assert!(!cloud.tls.verify);
}

#[test]
fn the_named_file_wins_over_the_working_directory() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(here.path(), "clouds.yaml", "clouds: {here: {}}");
    write(there.path(), "my.yaml", CLOUD);
    let named = there.path().join("my.yaml");
    let env = Environment::new([("OS_CLIENT_CONFIG_FILE", named.to_str().unwrap())], here.path());
    assert_eq!(CloudConfig::names(&env).unwrap(), ["a", "b"]);
}

#[test]
fn the_first_directory_with_a_file_wins_and_files_are_not_mixed() {
    let root = tempfile::tempdir().unwrap();
    let (cwd, home, site) = (root.path().join("cwd"), root.path().join("home"), root.path().join("site"));
    let user = home.join(".config/openstack");
    for dir in [&cwd, &user, &site] {
        std::fs::create_dir_all(dir).unwrap();
    }
    let env = Environment::new([], &cwd).with_home(&home).with_site([site.clone()]);
    write(&site, "clouds.yaml", "clouds: {site: {}}");
    assert_eq!(CloudConfig::names(&env).unwrap(), ["site"]);
    write(&user, "clouds.yml", "clouds: {user: {}}");
    assert_eq!(CloudConfig::names(&env).unwrap(), ["user"]);
    write(&cwd, "clouds.json", r#"{"clouds": {"cwd": {}}}"#);
    assert_eq!(CloudConfig::names(&env).unwrap(), ["cwd"]);
}

#[test]
fn secure_yaml_is_laid_over() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "clouds.yaml", "clouds: {a: {auth: {auth_url: 'http://k', user_id: u}}}");
    write(dir.path(), "secure.yaml", "clouds: {a: {auth: {password: geheim}}}");
    let cloud = load(dir.path(), &[], None).unwrap();
    assert!(matches!(cloud.credentials, Credentials::Password { .. }));
}

#[test]
fn a_profile_lies_under_the_cloud() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        "clouds.yaml",
        "clouds: {a: {profile: vendor, region_name: mine, auth: {user_id: u, password: p}}}",
    );
    write(
        dir.path(),
        "clouds-public.yaml",
        "public-clouds: {vendor: {auth: {auth_url: 'https://{region_name}.example/v3'}, region_name: theirs, interface: internal}}",
    );
    let cloud = load(dir.path(), &[], None).unwrap();
    assert_eq!(cloud.auth_url.as_str(), "https://mine.example/v3");
    assert_eq!((cloud.region.as_deref(), cloud.interface), (Some("mine"), Interface::Internal));
}

#[test]
fn regions_bring_their_own_values() {
    let text = "
clouds:
  a:
    auth: {auth_url: 'http://k', user_id: u, password: p}
    regions:
    - north
    - {name: south, values: {auth: {auth_url: 'http://south'}, interface: admin}}
";
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "clouds.yaml", text);
    assert_eq!(load(dir.path(), &[], None).unwrap().region.as_deref(), Some("north"));
    let south = load(dir.path(), &[("OS_REGION_NAME", "south")], None).unwrap();
    assert_eq!((south.auth_url.as_str(), south.interface), ("http://south/", Interface::Admin));
    let error = load(dir.path(), &[("OS_REGION_NAME", "west")], None).unwrap_err();
    assert!(error.to_string().contains("north, south"), "{error}");
}

#[test]
fn variables_alone_make_a_cloud_and_win_over_an_unnamed_choice() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "clouds.yaml", CLOUD);
    let vars = [
        ("OS_AUTH_URL", "http://e/v3"),
        ("OS_TOKEN", "geheim"),
        ("OS_AUTH_TYPE", "v3token"),
        ("OS_PROJECT_ID", "p"),
    ];
    let cloud = load(dir.path(), &vars, None).unwrap();
    assert!(matches!(cloud.credentials, Credentials::Token(_)));
    assert_eq!(cloud.name, "envvars");
    assert_eq!(load(dir.path(), &vars, Some("a")).unwrap().name, "a");
}

#[test]
fn scopes_are_read() {
    let auth = |more: &str| format!("auth: {{auth_url: 'http://k', user_id: u, password: p{more}}}");
    assert_eq!(one(&auth("")).unwrap().scope, Scope::Unscoped);
    assert_eq!(one(&auth(", system_scope: all")).unwrap().scope, Scope::System);
    assert_eq!(one(&auth(", domain_id: d")).unwrap().scope, Scope::Domain(ByIdOrName::Id("d".into())));
    let project = Scope::Project { project: ByIdOrName::Id("p".into()), domain: None };
    assert_eq!(one(&auth(", project_id: p, project_domain_id: d")).unwrap().scope, project);
    assert!(one(&auth(", system_scope: some")).is_err());
}

#[test]
fn a_default_domain_is_used_for_user_and_project() {
    let cloud = one(
        "auth: {auth_url: 'http://k', username: u, password: p, project_name: q, default_domain: Default}",
    )
    .unwrap();
    let domain = Some(ByIdOrName::Name("Default".into()));
    assert_eq!(cloud.scope, Scope::Project { project: ByIdOrName::Name("q".into()), domain });
}

#[test]
fn insecure_cacert_timeout_and_overrides_are_read() {
    let base = "auth: {auth_url: 'http://k', user_id: u, password: p}";
    assert!(!one(&format!("{base}\ninsecure: true")).unwrap().tls.verify);
    let cloud = one(&format!(
        "{base}\ncacert: /etc/ca.pem\napi_timeout: 7\nobject-store-endpoint-override: 'http://s/'"
    ))
    .unwrap();
    assert_eq!(cloud.tls.cacert.unwrap(), Path::new("/etc/ca.pem"));
    assert_eq!(cloud.timeout.unwrap().as_secs(), 7);
    assert_eq!(cloud.endpoint_overrides["object_store"].as_str(), "http://s/");
}

#[test]
fn a_missing_or_wrong_key_is_named_without_its_value() {
    for (cloud, key) in [
        ("auth: {user_id: u, password: p}", "auth.auth_url"),
        ("auth: {auth_url: 'ftp://geheim', user_id: u, password: p}", "auth.auth_url"),
        ("auth: {auth_url: 'http://joe:geheim@k', user_id: u, password: p}", "auth.auth_url"),
        ("auth: {auth_url: 'http://k', user_id: u}", "auth.password"),
        ("auth: {auth_url: 'http://k', password: geheim}", "auth.username"),
        ("auth: {auth_url: 'http://k', username: u, password: geheim}", "auth.user_domain_name"),
        (
            "auth: {auth_url: 'http://k', user_id: u, password: geheim, project_name: p}",
            "auth.project_domain_name",
        ),
        ("auth_type: v3kerberos\nauth: {auth_url: 'http://k'}", "auth_type"),
        ("auth: {auth_url: 'http://k', user_id: u, password: geheim}\napi_timeout: -1", "api_timeout"),
        ("auth: {auth_url: 'http://k', user_id: u, password: geheim}\ninterface: side", "interface"),
    ] {
        let text = one(cloud).unwrap_err().to_string();
        assert!(text.contains(key), "{key}: {text}");
        assert!(!text.contains("geheim"), "{text}");
    }
}

#[test]
fn two_clouds_and_no_choice_is_an_error_that_lists_them() {
    let text = load_text(CLOUD).unwrap_err().to_string();
    assert!(text.contains("a, b"), "{text}");
}

#[test]
fn clouds_of_a_wrong_shape_are_an_error() {
    for text in ["clouds: []", "clouds: {a: 7}", "clouds: {a: {regions: [{}]}}", "7"] {
        assert!(load_text(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn no_file_content_makes_it_panic(text in "\\PC{0,200}") {
        let _ = load_text(&text);
    }

    #[test]
    fn no_cloud_content_makes_it_panic(key in "[a-z_]{1,20}", value in "\\PC{0,20}") {
        let _ = one(&format!("{key}: {value:?}\nauth: {{auth_url: {value:?}, {key}: {value:?}}}"));
    }
}
