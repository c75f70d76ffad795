# Guests: by a port, by a network, and one of a group.
data "openstack_compute_flavor_v2" "small" {
  name = var.changed ? "m1.tiny" : "cirros256"
}

data "openstack_compute_flavor_v2" "tiny" {
  name = "m1.tiny"
}

resource "openstack_images_image_v2" "image" {
  name             = "image-${local.word}"
  local_file_path  = var.image_file
  container_format = "bare"
  disk_format      = "qcow2"
  min_ram_mb       = var.changed ? 128 : 64
  tags             = ["image", local.word]
  protected        = false
  visibility       = var.changed ? "shared" : "private"

  properties = {
    os_distro = local.word
    hw_model  = "plain"
  }
}

resource "openstack_compute_keypair_v2" "key" {
  name       = "key"
  public_key = var.public_key
}

resource "openstack_compute_servergroup_v2" "group" {
  name     = "group"
  policies = ["soft-anti-affinity"]
}

resource "openstack_compute_instance_v2" "by_port" {
  name      = "by-port-${local.word}"
  image_id  = openstack_images_image_v2.image.id
  flavor_id = data.openstack_compute_flavor_v2.small.id
  key_pair  = openstack_compute_keypair_v2.key.name
  user_data = "#cloud-config\n"
  tags      = ["guest", local.word]

  metadata = {
    word = local.word
  }

  network {
    port = openstack_networking_port_v2.port.id
  }

  scheduler_hints {
    group = openstack_compute_servergroup_v2.group.id
  }
}

resource "openstack_compute_instance_v2" "by_network" {
  name            = "by-network"
  image_id        = openstack_images_image_v2.image.id
  flavor_id       = data.openstack_compute_flavor_v2.tiny.id
  security_groups = [openstack_networking_secgroup_v2.web.name]
  power_state     = var.changed ? "shutoff" : "active"
  config_drive    = true

  network {
    uuid = openstack_networking_network_v2.net.id
  }

  depends_on = [openstack_networking_subnet_v2.plain, openstack_networking_subnet_v2.six]
}

resource "openstack_compute_interface_attach_v2" "second" {
  instance_id = openstack_compute_instance_v2.by_network.id
  port_id     = openstack_networking_port_v2.second.id
}
