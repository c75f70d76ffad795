# To be sourced: a cloud with real guests that the script itself starts, stops and moves about.
#
#   real_cloud NAME "$@"   once, first of all: runs the script again inside a network namespace of its own, which goes when
#                          it ends. One mount namespace holds all of it: what one start names, the next one finds. Needs root.
#   start                  starts the cloud of $data on $port, and lets clients find it
#   one_guest              a network, a router and the server `one` on it; its address is in $address, its process in $guest
#   step, value, until_true, reached, active
#
# Sets KOGGE_BIN, root (a directory, gone in the end), data (the cloud's) and port; the unmodified openstack command is in PATH.

real_cloud() {
    local name=$1 space
    if [[ -z ${INSIDE:-} ]]; then
        # what comes from outside is brought before: there is no way out of the namespace
        . scripts/test-cloud.bash
        : "${KOGGE_GUEST_IMAGE:=$(scripts/guest-image)}"
        export KOGGE_BIN KOGGE_GUEST_IMAGE PATH
        space=kogge-$name-$$
        ip netns add "$space"
        trap "ip netns del $space" EXIT
        ip -n "$space" link set lo up
        INSIDE=1 ip netns exec "$space" "$0" "${@:2}"
        exit
    fi
    root=$(mktemp -d "/tmp/kogge-$name-XXXXXX")
    data=$root/data
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    export OS_CLOUD=kogge
    trap real_cloud_ends EXIT
}

real_cloud_ends() {
    status=$?
    [[ $status -eq 0 ]] || tail -n 40 "$data/kogge.log" >&2 || true
    "$KOGGE_BIN" down --data "$data" >/dev/null 2>&1 || true
    rm -rf "$root"
    exit "$status"
}

step() { printf '  %s\n' "$*"; }
value() { openstack "${@:2}" -f value -c "$1"; }
until_true() {
    for _ in $(seq 1 "${patience:-240}"); do "$@" >/dev/null 2>&1 && return 0; sleep 1; done
    echo "waited in vain for: $*" >&2
    return 1
}
start() {
    export OS_CLIENT_CONFIG_FILE=$data/clouds.yaml
    "$KOGGE_BIN" up --data "$data" --listen "127.0.0.1:$port" >/dev/null
}
reached() { ping -c 1 -W 2 "$address"; }
active() { [[ $(value status server show "$1") == ACTIVE ]]; }
boot() { openstack server create --wait --image guest --flavor SCS-1L-1-5 --network net "$1" >/dev/null; }
process_of() { pgrep -f "qemu-system.*$(value id server show "$1")" | head -n 1; }

one_guest() {
    openstack image create --disk-format qcow2 --container-format bare --file "$KOGGE_GUEST_IMAGE" guest >/dev/null
    openstack security group rule create --protocol icmp default >/dev/null
    openstack network create net >/dev/null
    openstack subnet create --network net --subnet-range 10.0.0.0/24 subnet >/dev/null
    openstack router create router >/dev/null
    openstack router set --external-gateway public router
    openstack router add subnet router subnet
    boot one
    address=$(value floating_ip_address floating ip create public)
    openstack server add floating ip one "$address"
    until_true reached
    guest=$(process_of one)
}
