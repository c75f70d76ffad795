//! The whole file, as it is written for an ordinary cloud and for a poor one.

use super::*;
use crate::lookup::{Flavor, Image, Network};

fn facts() -> Facts {
    Facts {
        identity: "https://cloud.example:5000/v3".into(),
        region: "north".into(),
        interface: "public",
        verify: true,
        domain: "default".into(),
        services: ["compute", "image", "network", "volumev3", "identity"].map(str::to_owned).into(),
        compute_microversion: Some("2.96".into()),
        images: vec![
            Image { id: "image-1".into(), ..Image::default() },
            Image { id: "image-2".into(), ..Image::default() },
        ],
        flavors: vec![
            Flavor { id: "flavor-1".into(), disk_gib: 5, ..Flavor::default() },
            Flavor { id: "flavor-2".into(), disk_gib: 5, ..Flavor::default() },
        ],
        external: Some(Network { id: "ext-1".into(), name: "to $everywhere".into() }),
        extensions: vec!["router".into(), "subnet_allocation".into()],
        ..Facts::default()
    }
}

fn wishes() -> Wishes {
    Wishes { build_timeout: 300, concurrency: 1, ..Wishes::default() }
}

fn rendered(facts: &Facts, wishes: &Wishes) -> Result<String, Problem> {
    render(&Source { facts, wishes, admin: None, folder: Path::new("/out"), prefix: "ke2e-1a2b3c4d" })
}

fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{name}; UPDATE_GOLDEN=1 accepts it");
}

#[test]
fn an_ordinary_cloud_gets_this_file() {
    golden("ordinary.conf", &rendered(&facts(), &wishes()).unwrap());
}

#[test]
fn a_poor_cloud_with_wishes_gets_this_file() {
    let facts = Facts {
        services: vec!["compute".into(), "identity".into()],
        compute_microversion: None,
        images: vec![],
        flavors: vec![],
        external: None,
        extensions: vec![],
        verify: false,
        ca_file: Some("/etc/ca.pem".into()),
        ..facts()
    };
    let wishes = Wishes {
        ssh_user: Some("debian".into()),
        password_history: Some(2),
        checks_image_formats: true,
        ..wishes()
    };
    golden("poor.conf", &rendered(&facts, &wishes).unwrap());
}

#[test]
fn nothing_from_a_cloud_can_add_a_line() {
    let evil = "x\nadmin_password = y\n[auth]";
    for change in [
        (|facts: &mut Facts, evil: &str| facts.region = evil.into()) as fn(&mut Facts, &str),
        |facts, evil| facts.domain = evil.into(),
        |facts, evil| facts.identity = evil.into(),
        |facts, evil| facts.images[0].id = evil.into(),
        |facts, evil| facts.flavors[1].id = evil.into(),
        |facts, evil| facts.external = Some(Network { id: "e".into(), name: evil.into() }),
        |facts, evil| facts.extensions.push(evil.into()),
        |facts, evil| facts.compute_microversion = Some(evil.into()),
    ] {
        let mut facts = facts();
        change(&mut facts, evil);
        assert!(rendered(&facts, &wishes()).is_err());
    }
}
