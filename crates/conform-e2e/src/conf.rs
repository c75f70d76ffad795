//! `tempest.conf`, written from what was found.
//!
//! Choices that matter: debugging is off, since Tempest's log would hold the passwords of `accounts.yaml`; everything that
//! the tests make carries the run's prefix in its name and is recorded, so that it can be found again; features that the
//! list is about (snapshots, resizing, IPv6 …) are always said to be there, or their tests would be skipped unseen.

use std::path::Path;

use kogge_conform::Problem;
use secrecy::ExposeSecret;

use crate::accounts::Account;
use crate::ini::Ini;
use crate::lookup::{Facts, Wishes};

/// The names that Tempest has for services, and the service types that make them available.
const SERVICES: [(&str, &[&str]); 6] = [
    ("nova", &["compute"]),
    ("glance", &["image"]),
    ("neutron", &["network"]),
    ("cinder", &["block-storage", "volumev3", "volume"]),
    ("swift", &["object-store"]),
    ("horizon", &[]),
];

/// Everything that the file is made of.
pub struct Source<'a> {
    /// What the cloud has.
    pub facts: &'a Facts,
    /// What the user asked for.
    pub wishes: &'a Wishes,
    /// The administrator, if Tempest makes its own accounts.
    pub admin: Option<&'a Account>,
    /// Where the run's files are.
    pub folder: &'a Path,
    /// What the names of all that the tests make begin with.
    pub prefix: &'a str,
}

/// The text of the file.
///
/// # Errors
/// If a value cannot stand in such a file.
pub fn render(source: &Source<'_>) -> Result<String, Problem> {
    let mut ini = Ini::default();
    general(&mut ini, source)?;
    auth(&mut ini, source)?;
    identity(&mut ini, source)?;
    ini.section("service_available");
    for (name, kinds) in SERVICES {
        ini.word(name, kinds.iter().any(|kind| source.facts.has(kind)));
    }
    compute(&mut ini, source)?;
    image(&mut ini, source);
    network(&mut ini, source)?;
    volume(&mut ini, source);
    validation(&mut ini, source)?;
    ini.section("enforce_scope");
    for (name, _) in SERVICES.iter().take(4) {
        ini.word(name, true);
    }
    ini.word("keystone", true);
    Ok(ini.text())
}

fn general(ini: &mut Ini, source: &Source<'_>) -> Result<(), Problem> {
    ini.section("DEFAULT");
    ini.set("log_dir", &source.folder.display().to_string())?;
    ini.word("log_file", "tempest.log");
    ini.word("debug", false);
    ini.set("resource_name_prefix", source.prefix)?;
    ini.word("record_resources", true);
    ini.section("oslo_concurrency");
    ini.set("lock_path", &source.folder.join("lock").display().to_string())
}

fn auth(ini: &mut Ini, source: &Source<'_>) -> Result<(), Problem> {
    ini.section("auth");
    ini.word("use_dynamic_credentials", source.admin.is_some());
    let Some(admin) = source.admin else {
        return ini.set("test_accounts_file", &source.folder.join("accounts.yaml").display().to_string());
    };
    ini.word("create_isolated_networks", source.facts.has("network"));
    ini.word("tempest_roles", "member");
    ini.set("admin_username", &admin.user)?;
    ini.set("admin_password", admin.password.expose_secret())?;
    ini.set("admin_project_name", &admin.project)?;
    ini.set("admin_domain_name", &admin.user_domain_name)
}

fn identity(ini: &mut Ini, source: &Source<'_>) -> Result<(), Problem> {
    let facts = source.facts;
    ini.section("identity");
    ini.word("auth_version", "v3");
    ini.set("uri_v3", &facts.identity)?;
    ini.set("region", &facts.region)?;
    ini.word("v3_endpoint_type", facts.interface);
    ini.set("default_domain_id", &facts.domain)?;
    if !facts.verify {
        ini.word("disable_ssl_certificate_validation", true);
    }
    if let Some(file) = &facts.ca_file {
        ini.set("ca_certificates_file", file)?;
    }
    let history = source.wishes.password_history;
    ini.word("user_unique_last_password_count", history.unwrap_or(0));
    ini.section("identity-feature-enabled");
    for (key, here) in [
        ("api_v3", true),
        ("application_credentials", true),
        ("access_rules", true),
        ("trust", true),
        ("domain_specific_drivers", false),
        ("security_compliance", history.is_some()),
    ] {
        ini.word(key, here);
    }
    Ok(())
}

fn compute(ini: &mut Ini, source: &Source<'_>) -> Result<(), Problem> {
    let facts = source.facts;
    ini.section("compute");
    let image =
        |at: usize| facts.images.get(at).or(facts.images.first()).map_or("", |image| image.id.as_str());
    let flavor =
        |at: usize| facts.flavors.get(at).or(facts.flavors.first()).map_or("", |flavor| flavor.id.as_str());
    ini.set("image_ref", image(0))?;
    ini.set("image_ref_alt", image(1))?;
    ini.set("flavor_ref", flavor(0))?;
    ini.set("flavor_ref_alt", flavor(1))?;
    ini.word("endpoint_type", facts.interface);
    ini.word("min_compute_nodes", 1);
    ini.word("build_interval", 1);
    ini.word("build_timeout", source.wishes.build_timeout);
    ini.word("ready_wait", 0);
    if let Some(version) = &facts.compute_microversion {
        ini.set("max_microversion", version)?;
    }
    ini.section("compute-feature-enabled");
    for (key, here) in [
        ("console_output", true),
        ("resize", true),
        ("suspend", true),
        ("pause", true),
        ("rescue", true),
        ("shelve", true),
        ("snapshot", true),
        ("interface_attach", true),
        ("config_drive", true),
        ("metadata_service", true),
        ("attach_encrypted_volume", false),
        ("live_migration", false),
        ("cold_migration", false),
        ("vnc_console", false),
        ("spice_console", false),
        ("personality", false),
        ("change_password", false),
        ("swap_volume", false),
    ] {
        ini.word(key, here);
    }
    Ok(())
}

fn image(ini: &mut Ini, source: &Source<'_>) {
    ini.section("image");
    ini.word("endpoint_type", source.facts.interface);
    ini.word("build_interval", 1);
    ini.word("build_timeout", source.wishes.build_timeout);
    ini.word("disk_formats", "qcow2,raw");
    ini.word("container_formats", "bare");
    ini.section("image-feature-enabled");
    ini.word("import_image", true);
    ini.word("os_glance_reserved", true);
    ini.word("image_format_enforcement", source.wishes.checks_image_formats);
}

fn network(ini: &mut Ini, source: &Source<'_>) -> Result<(), Problem> {
    let external = source.facts.external.clone().unwrap_or_default();
    ini.section("network");
    ini.word("endpoint_type", source.facts.interface);
    ini.set("public_network_id", &external.id)?;
    ini.set("floating_network_name", &external.name)?;
    ini.word("project_network_cidr", "10.100.0.0/16");
    ini.word("project_network_mask_bits", 28);
    ini.word("build_interval", 1);
    ini.word("build_timeout", source.wishes.build_timeout);
    ini.section("network-feature-enabled");
    for key in ["ipv6", "ipv6_subnet_attributes", "port_security"] {
        ini.word(key, true);
    }
    ini.word("floating_ips", source.facts.external.is_some());
    ini.set("api_extensions", &source.facts.extensions.join(","))
}

fn volume(ini: &mut Ini, source: &Source<'_>) {
    ini.section("volume");
    if let Some(kind) = source.facts.volume_type() {
        ini.word("catalog_type", kind);
    }
    ini.word("endpoint_type", source.facts.interface);
    ini.word("build_interval", 1);
    ini.word("build_timeout", source.wishes.build_timeout);
    ini.word("volume_size", 1);
    ini.word("min_microversion", "3.0");
    ini.word("max_microversion", "latest");
    ini.section("volume-feature-enabled");
    for (key, here) in [
        ("backup", true),
        ("snapshot", true),
        ("clone", true),
        ("multi_backend", false),
        ("manage_volume", false),
        ("manage_snapshot", false),
        ("extend_attached_volume", false),
    ] {
        ini.word(key, here);
    }
}

fn validation(ini: &mut Ini, source: &Source<'_>) -> Result<(), Problem> {
    ini.section("validation");
    ini.word("run_validation", source.wishes.ssh_user.is_some());
    if let Some(user) = &source.wishes.ssh_user {
        ini.set("image_ssh_user", user)?;
        ini.set("image_alt_ssh_user", user)?;
        ini.word("connect_method", if source.facts.external.is_some() { "floating" } else { "fixed" });
        ini.word("auth_method", "keypair");
        ini.word("ssh_timeout", source.wishes.build_timeout);
        // without Tempest's own pipefail, which the shells of small guests do not know
        ini.set("ssh_shell_prologue", "set -eu; PATH=$PATH:/sbin:/usr/sbin;")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
