//! Words of flavors and images, and the machines that come of them.

use kogge_node_api::Topology;

use super::*;
use crate::model::step::tests::fresh;

fn made(flavor: &[(&str, &str)], image: &[(&str, &str)]) -> Result<Made, String> {
    let words = |list: &[(&str, &str)]| -> BTreeMap<String, String> {
        list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let shape = Shape { vcpus: 4, extra_specs: words(flavor), ..fresh().shape };
    make(&shape, &words(image))
}

fn of_image(image: &[(&str, &str)]) -> Made {
    made(&[], image).unwrap()
}

#[test]
fn who_asks_for_nothing_gets_what_versions_before_made() {
    assert_eq!(of_image(&[]), Made::default());
    let usual = [
        ("hw_disk_bus", "virtio"),
        ("hw_rng_model", "virtio"),
        ("hw_vif_model", "virtio"),
        ("hw_firmware_type", "bios"),
        ("os_type", "linux"),
        ("os_distro", "debian"),
    ];
    assert_eq!(of_image(&usual), Made::default());
}

#[test]
fn every_word_of_an_image_is_taken_over() {
    let found = of_image(&[
        ("hw_disk_bus", "scsi"),
        ("hw_scsi_model", "lsisas1068"),
        ("hw_cdrom_bus", "sata"),
        ("hw_vif_model", "virtuale1000"),
        ("hw_firmware_type", "uefi"),
        ("os_secure_boot", "required"),
        ("hw_machine_type", "q35"),
        ("hw_input_bus", "virtio"),
        ("hw_watchdog_action", "reset"),
        ("hw_boot_menu", "true"),
        ("hw_pmu", "no"),
        ("hw_time_hpet", "yes"),
        ("hw_qemu_guest_agent", "yes"),
        ("hw_serial_port_count", "3"),
        ("img_hide_hypervisor_id", "1"),
        ("os_type", "Windows"),
        ("hw_tpm_version", "2.0"),
        ("hw_tpm_model", "tpm-crb"),
        ("hw_cpu_sockets", "1"),
        ("hw_cpu_threads", "2"),
        ("hw_video_model", "vga"),
    ]);
    assert_eq!((found.bus, found.firmware), (DiskBus::Scsi, Firmware::Uefi));
    let expected = Hardware {
        machine: Some("q35".to_owned()),
        topology: Some(Topology { sockets: 1, cores: 2, threads: 2 }),
        secure_boot: true,
        tpm: Some(Tpm { version: TpmVersion::V2_0, model: TpmModel::Crb }),
        scsi: ScsiModel::Lsisas1068,
        cdrom: Some(DiskBus::Sata),
        nic: NicModel::E1000,
        screen: Screen::Card(Video { model: VideoModel::Vga, ram_mib: None }),
        input: Some(InputBus::Virtio),
        watchdog: Some(WatchdogAction::Reset),
        boot_menu: true,
        pmu: Some(false),
        hpet: Some(true),
        guest_agent: true,
        more_serial_ports: 2,
        hide_hypervisor: true,
        windows: true,
        ..Hardware::default()
    };
    assert_eq!(found.hardware, expected);
}

#[test]
fn a_flavor_asks_too_and_bounds_its_image() {
    let found = made(
        &[
            ("hw:watchdog_action", "poweroff"),
            ("hw_rng:rate_bytes", "2048"),
            ("hw_video:ram_max_mb", "64"),
            ("hw:serial_port_count", "4"),
            ("hw:boot_menu", "true"),
            ("hw:usb_model", "qemu-xhci"),
        ],
        &[
            ("hw_watchdog_action", "disabled"),
            ("hw_video_ram", "32"),
            ("hw_serial_port_count", "2"),
            ("hw_boot_menu", "false"),
        ],
    );
    let found = found.unwrap().hardware;
    assert_eq!((found.watchdog, found.more_serial_ports, found.boot_menu, found.usb), (None, 1, true, true));
    assert_eq!(found.screen, Screen::Card(Video { model: VideoModel::Vga, ram_mib: Some(32) }));
    assert_eq!(of_image(&[("hw_video_model", "none")]).hardware.screen, Screen::Absent);
    assert_eq!(found.rng, Rng::Limited { bytes: 2048, period: 1000 });
    assert_eq!(made(&[("hw_rng:allowed", "False")], &[]).unwrap().hardware.rng, Rng::Absent);
}

#[test]
fn ide_makes_it_the_older_machine() {
    assert_eq!(of_image(&[("hw_disk_bus", "ide")]).hardware.machine.as_deref(), Some("pc"));
    let exact = of_image(&[("hw_cdrom_bus", "ide"), ("hw_machine_type", "pc-i440fx-7.2")]);
    assert_eq!(exact.hardware.machine.as_deref(), Some("pc-i440fx-7.2"));
}

#[test]
fn what_cannot_be_is_refused_with_its_key() {
    for (flavor, image, key) in [
        (None, ("hw_disk_bus", "fdc"), "hw_disk_bus"),
        (None, ("hw_disk_bus", "Virtio"), "hw_disk_bus"),
        (None, ("hw_cdrom_bus", "floppy"), "hw_cdrom_bus"),
        (None, ("hw_scsi_model", "buslogic"), "hw_scsi_model"),
        (None, ("hw_vif_model", "netfront"), "hw_vif_model"),
        (None, ("hw_firmware_type", "coreboot"), "hw_firmware_type"),
        (None, ("hw_machine_type", "q35,dumpdtb=/etc/x"), "hw_machine_type"),
        (None, ("os_secure_boot", "required"), "hw_firmware_type=uefi"),
        (None, ("os_secure_boot", "maybe"), "os_secure_boot"),
        (None, ("hw_tpm_version", "3"), "hw_tpm_version"),
        (None, ("hw_video_model", "xen"), "hw_video_model"),
        (None, ("hw_video_ram", "16"), "hw_video_ram"),
        (None, ("hw_input_bus", "ps2"), "hw_input_bus"),
        (None, ("hw_pointer_model", "mouse"), "hw_pointer_model"),
        (None, ("hw_watchdog_action", "bark"), "hw_watchdog_action"),
        (None, ("hw_rng_model", "egd"), "hw_rng_model"),
        (None, ("hw_serial_port_count", "5"), "hw_serial_port_count"),
        (None, ("hw_serial_port_count", "-1"), "hw_serial_port_count"),
        (None, ("hw_cpu_sockets", "many"), "hw_cpu_sockets"),
        (None, ("hw_cpu_max_sockets", "70000"), "hw_cpu_max_sockets"),
        (None, ("hw_mem_page_size", "large"), "hw_mem_page_size"),
        (None, ("hw_sound_model", "adlib"), "hw_sound_model"),
        (None, ("os_type", "plan9"), "os_type"),
        (None, ("hw_redirected_usb_ports", "16"), "hw_redirected_usb_ports"),
        (Some(("hw:tpm_version", "1.2")), ("hw_tpm_version", "2.0"), "hw:tpm_version"),
        (Some(("hw:tpm_version", "1.2")), ("hw_tpm_model", "tpm-crb"), "CRB"),
        (Some(("hw:pmu", "true")), ("hw_pmu", "false"), "hw_pmu"),
        (Some(("hw:serial_port_count", "1")), ("hw_serial_port_count", "2"), "hw_serial_port_count"),
        (Some(("hw:cpu_max_sockets", "1")), ("hw_cpu_sockets", "2"), "hw_cpu_sockets"),
        (Some(("hw:cpu_max_sockets", "1")), ("hw_cpu_max_sockets", "2"), "hw_cpu_max_sockets"),
        (Some(("hw:usb_model", "ohci")), ("os_distro", "x"), "ohci"),
        (Some(("hw_rng:rate_bytes", "much")), ("os_distro", "x"), "hw_rng:rate_bytes"),
    ] {
        let why = made(&flavor.into_iter().collect::<Vec<_>>(), &[image]).unwrap_err();
        assert!(why.contains(key), "{image:?}: {why}");
    }
    let ide = made(&[], &[("hw_disk_bus", "ide"), ("hw_machine_type", "q35")]).unwrap_err();
    assert!(ide.contains("hw_disk_bus"), "{ide}");
    let impossible = [("hw:cpu_max_sockets", "1"), ("hw:cpu_max_cores", "1"), ("hw:cpu_max_threads", "1")];
    assert!(made(&impossible, &[]).unwrap_err().contains("impossible"));
}

#[test]
fn a_host_is_refused_for_what_it_lacks() {
    let facts = kogge_node_api::HostFacts {
        name: "h".to_owned(),
        architecture: "x86_64".to_owned(),
        accelerator: kogge_node_api::Accelerator::Tcg,
        hypervisor_type: "QEMU".to_owned(),
        hypervisor_version: 7_002_000,
        vcpus: 1,
        memory_mib: 1,
        disk_gib: 1,
        address: String::new(),
        traits: [kogge_node_api::host_trait::HARDWARE.to_owned()].into(),
        machines: ["pc".to_owned()].into(),
    };
    let objects = |flavor: &[(&str, &str)], image: &[(&str, &str)]| {
        let mut server = fresh();
        let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        server.shape.extra_specs = flavor.iter().map(pair).collect();
        server.image.as_mut().unwrap().properties = image.iter().map(pair).collect();
        server.spec.disk = Some(crate::model::server::BirthDisk::default());
        let made = make(&server.shape, server.image_properties()).unwrap();
        server.take_hardware(made);
        needs::objection(&server, &facts)
    };
    for harmless in
        [&[("hw_disk_bus", "scsi"), ("hw_boot_menu", "true")], &[("img_hv_type", "kvm"), ("vm_mode", "hvm")]]
    {
        assert_eq!(objects(&[], harmless), None);
    }
    for (flavor, image, why) in [
        (("a", "b"), ("hw_disk_bus", "sata"), "COMPUTE_STORAGE_BUS_SATA"),
        (("a", "b"), ("hw_vif_model", "e1000"), "COMPUTE_NET_VIF_MODEL_E1000"),
        (("a", "b"), ("hw_firmware_type", "uefi"), "COMPUTE_FIRMWARE_UEFI"),
        (("a", "b"), ("hw_machine_type", "q35"), "no machine of type q35"),
        (("a", "b"), ("hw_architecture", "aarch64"), "the image is for aarch64"),
        (("a", "b"), ("img_hv_type", "vmware"), "hypervisor vmware"),
        (("a", "b"), ("vm_mode", "xen"), "mode xen"),
        (("a", "b"), ("hw_sound_model", "ich9"), "COMPUTE_SOUND_MODEL_ICH9"),
        (("hw:tpm_version", "2.0"), ("a", "b"), "COMPUTE_SECURITY_TPM_2_0"),
        (("hw:mem_page_size", "large"), ("a", "b"), "LARGE_PAGES"),
        (("hw:cpu_policy", "dedicated"), ("a", "b"), "PINNING"),
        (("hw:mem_encryption", "true"), ("a", "b"), "HW_CPU_X86_AMD_SEV"),
    ] {
        let found = objects(&[flavor], &[image]);
        assert!(found.as_ref().is_some_and(|found| found.contains(why)), "{why}: {found:?}");
    }
}
