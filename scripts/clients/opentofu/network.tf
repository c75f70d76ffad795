# Networks of one's own, out of a pool of addresses, with a way out.
data "openstack_networking_network_v2" "public" {
  external = true
}

resource "openstack_networking_addressscope_v2" "scope" {
  name       = "scope-${local.word}"
  ip_version = 4
}

resource "openstack_networking_subnetpool_v2" "pool" {
  name              = "pool-${local.word}"
  description       = "pool ${local.word}"
  prefixes          = var.changed ? ["10.80.0.0/16", "10.82.0.0/16"] : ["10.80.0.0/16"]
  min_prefixlen     = 24
  default_prefixlen = var.changed ? 25 : 26
  max_prefixlen     = 28
  address_scope_id  = openstack_networking_addressscope_v2.scope.id
  tags              = ["pool", local.word]
}

resource "openstack_networking_network_v2" "net" {
  # the provider finds a server's networks by their names, and does not survive that one is renamed
  name                  = "net"
  description           = "network ${local.word}"
  admin_state_up        = true
  port_security_enabled = true
  mtu                   = var.changed ? 1300 : 1400
  tags                  = ["net", local.word]
}

# all subnets of a version come from the same pool, or none
resource "openstack_networking_network_v2" "pooled" {
  name = "pooled"
}

resource "openstack_networking_subnet_v2" "pooled" {
  name            = "pooled-${local.word}"
  network_id      = openstack_networking_network_v2.pooled.id
  subnetpool_id   = openstack_networking_subnetpool_v2.pool.id
  prefix_length   = 26
  dns_nameservers = var.changed ? ["9.9.9.9"] : ["9.9.9.9", "149.112.112.112"]
  tags            = ["subnet"]
}

resource "openstack_networking_subnet_v2" "plain" {
  name       = "plain"
  network_id = openstack_networking_network_v2.net.id
  cidr       = "192.168.199.0/24"
  no_gateway = true

  allocation_pool {
    start = "192.168.199.10"
    end   = var.changed ? "192.168.199.90" : "192.168.199.50"
  }
}

resource "openstack_networking_subnet_v2" "six" {
  name              = "six"
  network_id        = openstack_networking_network_v2.net.id
  cidr              = "fd00:199::/64"
  ip_version        = 6
  ipv6_address_mode = "slaac"
  ipv6_ra_mode      = "slaac"
}

resource "openstack_networking_subnet_route_v2" "route" {
  subnet_id        = openstack_networking_subnet_v2.pooled.id
  destination_cidr = "10.90.0.0/16"
  next_hop         = cidrhost(openstack_networking_subnet_v2.pooled.cidr, 5)
}

resource "openstack_networking_router_v2" "router" {
  name                = "router-${local.word}"
  description         = "router ${local.word}"
  external_network_id = data.openstack_networking_network_v2.public.id
  tags                = [local.word]
}

resource "openstack_networking_router_interface_v2" "inside" {
  router_id = openstack_networking_router_v2.router.id
  subnet_id = openstack_networking_subnet_v2.pooled.id
}

resource "openstack_networking_router_route_v2" "route" {
  router_id        = openstack_networking_router_v2.router.id
  destination_cidr = "10.91.0.0/16"
  next_hop         = cidrhost(openstack_networking_subnet_v2.pooled.cidr, 6)
  depends_on       = [openstack_networking_router_interface_v2.inside]
}

resource "openstack_networking_secgroup_v2" "web" {
  # servers name it; renamed, the provider would put it on them twice, which Neutron refuses
  name                 = "web"
  description          = "group ${local.word}"
  delete_default_rules = true
  tags                 = ["web"]
}

resource "openstack_networking_secgroup_rule_v2" "http" {
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "tcp"
  port_range_min    = var.changed ? 8080 : 80
  port_range_max    = var.changed ? 8089 : 80
  remote_ip_prefix  = "0.0.0.0/0"
  security_group_id = openstack_networking_secgroup_v2.web.id
}

resource "openstack_networking_secgroup_rule_v2" "among" {
  direction         = "ingress"
  ethertype         = "IPv6"
  protocol          = "udp"
  remote_group_id   = openstack_networking_secgroup_v2.web.id
  security_group_id = openstack_networking_secgroup_v2.web.id
  description       = "among themselves"
}

resource "openstack_networking_secgroup_rule_v2" "ping" {
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "icmp"
  security_group_id = openstack_networking_secgroup_v2.web.id
}

resource "openstack_networking_secgroup_rule_v2" "out" {
  direction         = "egress"
  ethertype         = "IPv4"
  security_group_id = openstack_networking_secgroup_v2.web.id
}

resource "openstack_networking_port_v2" "port" {
  name               = "port-${local.word}"
  network_id         = openstack_networking_network_v2.pooled.id
  security_group_ids = [openstack_networking_secgroup_v2.web.id]

  fixed_ip {
    subnet_id = openstack_networking_subnet_v2.pooled.id
  }

  allowed_address_pairs {
    ip_address = "10.99.0.0/24"
  }

  extra_dhcp_option {
    name  = "server-ip-address"
    value = var.changed ? "192.0.2.2" : "192.0.2.1"
  }
}

resource "openstack_networking_port_v2" "bare" {
  name                  = "bare-${local.word}"
  network_id            = openstack_networking_network_v2.net.id
  no_fixed_ip           = true
  no_security_groups    = true
  port_security_enabled = var.changed
}

resource "openstack_networking_port_v2" "second" {
  name               = "second"
  network_id         = openstack_networking_network_v2.net.id
  admin_state_up     = !var.changed
  security_group_ids = [openstack_networking_secgroup_v2.web.id]

  fixed_ip {
    subnet_id  = openstack_networking_subnet_v2.plain.id
    ip_address = var.changed ? "192.168.199.21" : "192.168.199.20"
  }
}

resource "openstack_networking_port_v2" "third" {
  name       = "third"
  network_id = openstack_networking_network_v2.net.id

  lifecycle {
    # the association below adds to them
    ignore_changes = [security_group_ids]
  }
}

resource "openstack_networking_port_secgroup_associate_v2" "third" {
  count              = var.changed ? 1 : 0
  port_id            = openstack_networking_port_v2.third.id
  security_group_ids = [openstack_networking_secgroup_v2.web.id]
}

resource "openstack_networking_floatingip_v2" "address" {
  pool        = data.openstack_networking_network_v2.public.name
  description = "address ${local.word}"
}

resource "openstack_networking_floatingip_associate_v2" "address" {
  floating_ip = openstack_networking_floatingip_v2.address.address
  port_id     = openstack_networking_port_v2.port.id
  fixed_ip    = openstack_networking_port_v2.port.all_fixed_ips[0]
  depends_on  = [openstack_networking_router_interface_v2.inside]
}
