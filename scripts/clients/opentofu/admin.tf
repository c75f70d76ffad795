# What an operator sets up for another team.
resource "openstack_identity_project_v3" "team" {
  provider    = openstack.admin
  name        = "team-${local.word}"
  description = "team ${local.word}"
  tags        = ["team", local.word]
}

resource "openstack_identity_role_v3" "watcher" {
  provider = openstack.admin
  name     = "watcher-${local.word}"
}

resource "openstack_identity_user_v3" "someone" {
  provider           = openstack.admin
  name               = "someone-${local.word}"
  description        = "someone ${local.word}"
  default_project_id = openstack_identity_project_v3.team.id
  password           = "a long enough password ${local.word}"
  enabled            = !var.changed

  ignore_change_password_upon_first_use = true
  multi_factor_auth_enabled             = true

  multi_factor_auth_rule {
    rule = ["password", "totp"]
  }

  extra = {
    email = "${local.word}@example.org"
  }
}

resource "openstack_identity_group_v3" "people" {
  provider    = openstack.admin
  name        = "people-${local.word}"
  description = "people ${local.word}"
}

resource "openstack_identity_user_membership_v3" "someone" {
  provider = openstack.admin
  user_id  = openstack_identity_user_v3.someone.id
  group_id = openstack_identity_group_v3.people.id
}

resource "openstack_identity_role_assignment_v3" "user" {
  provider   = openstack.admin
  user_id    = openstack_identity_user_v3.someone.id
  project_id = openstack_identity_project_v3.team.id
  role_id    = openstack_identity_role_v3.watcher.id
}

resource "openstack_identity_role_assignment_v3" "group" {
  provider  = openstack.admin
  group_id  = openstack_identity_group_v3.people.id
  domain_id = "default"
  role_id   = openstack_identity_role_v3.watcher.id
}

resource "openstack_identity_inherit_role_assignment_v3" "inherited" {
  provider  = openstack.admin
  group_id  = openstack_identity_group_v3.people.id
  domain_id = "default"
  role_id   = openstack_identity_role_v3.watcher.id
}

resource "openstack_identity_application_credential_v3" "credential" {
  name         = "credential"
  description  = "for a robot"
  secret       = "a long enough secret"
  unrestricted = false
  # with what the role implies: Keystone adds it, and the plan would never be empty
  roles = ["member", "reader"]

  access_rules {
    path    = "/v2.1/servers"
    service = "compute"
    method  = "GET"
  }
}

resource "openstack_identity_ec2_credential_v3" "credential" {
}

resource "openstack_identity_service_v3" "service" {
  provider    = openstack.admin
  name        = "thing-${local.word}"
  type        = "thing"
  description = "thing ${local.word}"
}

resource "openstack_identity_endpoint_v3" "endpoint" {
  provider        = openstack.admin
  name            = "thing"
  service_id      = openstack_identity_service_v3.service.id
  endpoint_region = "RegionOne"
  url             = "http://192.0.2.1/${local.word}"
}

resource "openstack_compute_quotaset_v2" "quota" {
  provider   = openstack.admin
  project_id = openstack_identity_project_v3.team.id
  instances  = var.changed ? 7 : 5
  cores      = 16
  ram        = 8192
  key_pairs  = 3
}

resource "openstack_networking_quota_v2" "quota" {
  provider            = openstack.admin
  project_id          = openstack_identity_project_v3.team.id
  network             = var.changed ? 7 : 5
  subnet              = 9
  port                = 50
  router              = 2
  floatingip          = 3
  security_group      = 4
  security_group_rule = 40
  rbac_policy         = 2
  subnetpool          = 1
}

resource "openstack_compute_flavor_v2" "flavor" {
  provider    = openstack.admin
  name        = "team-flavor"
  description = "flavor ${local.word}"
  ram         = 512
  vcpus       = 1
  disk        = 2
  is_public   = false

  extra_specs = {
    "hw:cpu_policy" = "shared"
    "team:word"     = local.word
  }
}

resource "openstack_compute_flavor_access_v2" "access" {
  provider  = openstack.admin
  flavor_id = openstack_compute_flavor_v2.flavor.id
  tenant_id = openstack_identity_project_v3.team.id
}

resource "openstack_compute_aggregate_v2" "aggregate" {
  provider = openstack.admin
  name     = "aggregate-${local.word}"
  zone     = "nova"

  metadata = {
    word = local.word
  }
}

resource "openstack_networking_rbac_policy_v2" "share" {
  provider      = openstack.admin
  action        = "access_as_shared"
  object_id     = openstack_networking_network_v2.net.id
  object_type   = "network"
  target_tenant = openstack_identity_project_v3.team.id
}

resource "openstack_images_image_access_v2" "share" {
  count     = var.changed ? 1 : 0
  image_id  = openstack_images_image_v2.image.id
  member_id = openstack_identity_project_v3.team.id
}
