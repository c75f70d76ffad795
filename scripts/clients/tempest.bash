# To be sourced after common.bash: Tempest and its plugins.
#
#   tempest TITLE REGEX [LAST]   runs the tests that match; those that match LAST when all others are through, and none
#                                that match `leave_out`
#
# Traps on the way: with a role in tempest_roles readers would be members; the newest microversions stand here, so that
# tests of newer ones are skipped; guests are simulated, so nobody signs in at them.
python_suites
served=2.103
served_volumes=3.71
hosts=2

# web-download fetches from the ports 80 and 443 only, so this needs root; an address of this run's own does not meet others
http_images() {
    images=127.77.$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1))
    mkdir "$data/images"
    "$python/python" scripts/clients/devstack image | tee "$data/images/disk.qcow2" >"$data/images/disk.img"
    "$python/python" -m http.server --bind "$images" --directory "$data/images" 80 >"$data/images.log" 2>&1 &
    companions+=($!)
    local tries
    for tries in $(seq 100); do
        curl -sf "http://$images/disk.img" -o /dev/null && return
        sleep 0.1
    done
    echo "the server of images does not start" >&2
    return 1
}

tempest_configuration() {
    local extensions
    extensions=$(openstack --os-cloud devstack-admin extension list --network -f value -c Alias | sort | paste -sd,)
    cat <<END
[DEFAULT]
log_file = tempest.log
log_dir = $out
[oslo_concurrency]
lock_path = $data/lock
[auth]
use_dynamic_credentials = true
create_isolated_networks = true
tempest_roles =
admin_username = admin
admin_password = $ADMIN_PASSWORD
admin_project_name = admin
admin_domain_name = Default
[identity]
auth_version = v3
uri_v3 = $AUTH_URL
region = RegionOne
v3_endpoint_type = public
default_domain_id = default
user_unique_last_password_count = 2
user_lockout_failure_attempts = 2
user_lockout_duration = 5
[identity-feature-enabled]
api_v3 = true
api_v2 = false
application_credentials = true
access_rules = true
trust = false
domain_specific_drivers = false
security_compliance = true
[service_available]
cinder = true
swift = false
[compute]
image_ref = $IMAGE_ID
image_ref_alt = $IMAGE_ALT_ID
flavor_ref = c1
flavor_ref_alt = 1
min_compute_nodes = $hosts
build_interval = 1
build_timeout = 120
ready_wait = 0
min_microversion = 2.1
max_microversion = $served
[placement]
min_microversion = 1.0
max_microversion = 1.39
[compute-feature-enabled]
console_output = true
resize = true
suspend = true
pause = true
rescue = true
shelve = true
snapshot = true
live_migration = true
cold_migration = true
vnc_console = true
serial_console = true
interface_attach = true
personality = true
config_drive = true
swap_volume = true
stable_rescue = true
shelve_migrate = true
live_migrate_back_and_forth = true
block_migration_for_live_migration = true
volume_backed_live_migration = true
volume_multiattach = true
attach_encrypted_volume = true
hostname_fqdn_sanitization = true
scheduler_enabled_filters = ServerGroupAntiAffinityFilter,ServerGroupAffinityFilter,DifferentHostFilter,SameHostFilter
nova_networks_enabled = false
[image]
http_image = http://$images/disk.img
http_qcow2_image = http://$images/disk.qcow2
disk_formats = qcow2,raw
container_formats = bare
build_interval = 1
build_timeout = 120
[image-feature-enabled]
import_image = true
os_glance_reserved = true
image_format_enforcement = false
[network]
public_network_id = $EXTGW_ID
floating_network_name = public
project_network_cidr = 10.100.0.0/16
project_network_mask_bits = 28
build_interval = 1
build_timeout = 120
[network-feature-enabled]
ipv6 = true
ipv6_subnet_attributes = true
floating_ips = true
port_security = true
api_extensions = $extensions
[volume]
min_microversion = 3.0
max_microversion = $served_volumes
volume_type_multiattach = multiattach
vendor_name = Kogge
storage_protocol = simulated
manage_snapshot_ref = source-name,snapshot-%s
build_interval = 1
build_timeout = 120
[volume-feature-enabled]
manage_volume = true
manage_snapshot = true
extend_attached_volume = true
extend_attached_encrypted_volume = true
consistency_group = true
volume_revert = true
concurrency_tests = true
[validation]
run_validation = false
# nobody answers there: those that sign in all the same need not wait for long
connect_timeout = 3
ping_timeout = 3
ssh_timeout = 3
[enforce_scope]
nova = true
cinder = true
neutron = true
glance = true
keystone = true
END
}

tempest() {
    settings=$devstack_settings'
lockout_failures = 2
lockout_seconds = 5
[image]
web_download_private_networks = ["127.0.0.0/8"]'
    devstack
    http_images
    OS_CLOUD=devstack-admin openstack volume type create --property multiattach='<is> True' multiattach >"$out/type.log"
    mkdir "$data/etc"
    tempest_configuration >"$data/etc/tempest.conf"
    export TEMPEST_CONFIG_DIR=$data/etc TEMPEST_CONFIG=tempest.conf
    local others=${leave_out:-}${3:+${leave_out:+|}$3}
    run_stestr tempest/test_discover --concurrency 2 ${others:+--exclude-regex "$others"} "$2"
    [[ -z ${3:-} ]] || run_stestr tempest/test_discover --concurrency 1 "$3"
    verdict "$1"
}
