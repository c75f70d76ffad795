# To be sourced: a cloud for a script, which goes when the script ends.
#
#   test_cloud SCRIPT sim|real   starts it; real guests, host side included, live in a network namespace of their own;
#                                `settings`, where set, is its kogge.toml, `hosts` the number of simulated hosts
#   inside COMMAND...            runs where the cloud can be reached
#   judged=1                     says what is wrong is told already, and need not be looked for in the cloud's log
#   companions=(PID...)          processes that end with the cloud
#
# Sets KOGGE_BIN, data (its directory, gone in the end) and port; clouds.yaml is in OS_CLIENT_CONFIG_FILE, and the
# unmodified openstack command in PATH, unless own_client says that there is one.
: "${KOGGE_CACHE:=$HOME/.cache/kogge}"
: "${CARGO_TARGET_DIR:=$KOGGE_CACHE/target}"
export KOGGE_CACHE CARGO_TARGET_DIR
if [[ -z ${KOGGE_BIN:-} ]]; then
    cargo build --quiet --locked --package kogge --bin kogge
    KOGGE_BIN=$CARGO_TARGET_DIR/debug/kogge
fi
[[ -n ${own_client:-} ]] || PATH=$(scripts/openstack-client):$PATH
space=
companions=()

inside() { if [[ -n $space ]]; then ip netns exec "$space" "$@"; else "$@"; fi; }

test_cloud_ends() {
    status=$?
    if [[ $status -ne 0 && -z ${judged:-} ]]; then
        echo "$script $kind: FAILED; the end of the cloud's log:" >&2
        tail -n 40 "$data/kogge.log" >&2 || true
    fi
    inside "$KOGGE_BIN" down --data "$data" >/dev/null 2>&1 || true
    ((${#companions[@]} == 0)) || kill "${companions[@]}" 2>/dev/null || true
    [[ -n $space ]] && ip netns del "$space"
    [[ -n ${KEEP:-} ]] || rm -rf "$data"
    exit "$status"
}

test_cloud() {
    script=$1 kind=$2
    data=$(mktemp -d "/tmp/kogge-$script-XXXXXX")
    trap test_cloud_ends EXIT
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    local options=(--data "$data" --listen "127.0.0.1:$port")
    case $kind in
        sim) options+=(--sim --hosts "${hosts:-1}") ;;
        real)
            space=kogge-$script-$$
            ip netns add "$space"
            ip -n "$space" link set lo up
            ;;
        *) echo "$script: $kind is neither sim nor real" >&2; exit 2 ;;
    esac
    [[ -n ${settings:-} ]] && printf '%s\n' "$settings" >"$data/kogge.toml"
    inside "$KOGGE_BIN" up "${options[@]}" >/dev/null
    export OS_CLIENT_CONFIG_FILE=$data/clouds.yaml
}
