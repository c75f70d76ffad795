# What a team builds on a cloud, in one configuration: `suites/opentofu` applies, changes and destroys it.
terraform {
  required_providers {
    openstack = { source = "terraform-provider-openstack/openstack" }
  }
}

provider "openstack" {
  cloud = "devstack"
}

provider "openstack" {
  alias = "admin"
  cloud = "devstack-admin"
}

variable "changed" {
  description = "The second state: everything that can be changed in place is"
  type        = bool
  default     = false
}

variable "image_file" {
  description = "A disk image in the format qcow2"
  type        = string
}

variable "public_key" {
  description = "An SSH public key"
  type        = string
}

locals {
  word = var.changed ? "after" : "before"
}
