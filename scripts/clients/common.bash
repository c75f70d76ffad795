# To be sourced by the scripts in suites/: a cloud as DevStack leaves one, the programs of a suite, and the verdict.
#
#   python_suites                     sets python, the folder of an environment with all Python suites
#   go_module MODULE@VERSION          prints the folder of its source
#   go_program MODULE@VERSION NAME COMMAND...
#                                     prints the program NAME that `go COMMAND -o` makes of it; makes it once
#   policies                          sets settings with what the CI of Go's clients changes of the rules
#   merged FILE...                    prints results of several accounts: failed with one, else passed with one, else skipped
#   devstack [go]                     a simulated cloud with kogge.toml `settings`; its accounts have DevStack's names
#   run_stestr PLACE [ARGUMENTS...]   runs the tests under a folder of the environment and notes their results
#   version PACKAGE                   prints the version of a Python suite
#   verdict TITLE                     judges the results by expected/SUITE.txt; its status is that of the suite
#
# Sets suite, clients (this folder), out (where results.tsv and the logs stay).
set -euo pipefail
suite=$(basename "$0")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
clients=$PWD/scripts/clients
: "${KOGGE_CACHE:=$HOME/.cache/kogge}"
# what suites load can be thrown away with the cache
export GOMODCACHE=$KOGGE_CACHE/go/mod GOCACHE=$KOGGE_CACHE/go/build GOFLAGS='-buildvcs=false -modcacherw' CGO_ENABLED=0
export PYTHONWARNINGS=ignore
out=${KOGGE_CLIENTS_OUT:-$KOGGE_CACHE/clients}/$suite
rm -rf "$out"
mkdir -p "$out"
# python_suites brings the same
own_client=1
. scripts/test-cloud.bash
. scripts/clients/go.versions

python_suites() {
    local place
    place=$KOGGE_CACHE/clients-python-$(sha256sum <scripts/clients/python.txt | cut -c1-16)
    python=$place/bin
    (
        flock 9
        [[ -e $place/whole ]] && exit
        rm -rf "$place"
        python3 -m venv "$place"
        "$python/pip" install --quiet --disable-pip-version-check --prefer-binary -r scripts/clients/python.txt
        # tests of examples that are not in the package, and that keep all others from being found
        rm -rf "$place"/lib/python*/site-packages/openstack/tests/functional/examples
        touch "$place/whole"
    ) 9>"$place.lock" >&2
    PATH=$python:$PATH
}

version() { sed -n "s/^$1==//Ip" scripts/clients/python.txt; }

go_module() {
    command -v go >/dev/null || { echo "$suite: needs Go 1.26 or newer" >&2; return 1; }
    go mod download "$1" >&2
    go mod download -json "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])'
}

go_program() {
    local program=$KOGGE_CACHE/go/bin/$2-${1##*@} source
    if [[ ! -e $program ]]; then
        source=$(go_module "$1")
        (cd "$source" && go "$3" -o "$program.part" "${@:4}") >&2
        mv "$program.part" "$program"
    fi
    echo "$program"
}

merged() { sort -t $'\t' -k 3,3 -k 1,1 "$@" | awk -F'\t' '!seen[$3]++'; }

# hundreds of users are made, whose passwords are worth nothing; what Keystone shows is shown
devstack_settings='
[identity]
bcrypt_cost = 4
show_ec2_secrets = true'

# administrators may write the profile of a binding
policies() {
    local verb
    for verb in create update; do echo "\"${verb}_port:binding:profile\": \"rule:admin_only or rule:service_api\""; done \
        >"$out/policies.yaml"
    settings=$devstack_settings$'\n[policy]\n'"file = \"$out/policies.yaml\""
}

devstack() {
    : "${settings:=$devstack_settings}"
    test_cloud "$suite" sim
    "$python/python" scripts/clients/devstack "$data/clouds.yaml" "$@" >"$data/devstack.sh"
    . "$data/devstack.sh"
}

run_stestr() {
    local place stream
    stream=$out/run-$(find "$out" -name 'run-*.subunit' | wc -l)
    place=$("$python/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '[DEFAULT]\ntest_path=%s\ntop_dir=%s\n' "$place/$1" "$place" >"$data/stestr.conf"
    (
        cd "$data"
        [[ -d .stestr ]] || stestr --config stestr.conf init
        # its status says whether tests failed; which of them may is the verdict's affair
        stestr --config stestr.conf run --subunit "${@:2}" >"$stream.subunit" 2>"$stream.log" || true
    )
    "$python/python" scripts/clients/results subunit "$stream.subunit" >>"$out/results.tsv"
}

verdict() {
    cp "$data/kogge.log" "$out/"
    judged=1
    python3 scripts/clients/judge "$suite" "$1" "$out/results.tsv" "$clients/expected/$suite.txt" "$out/verdict.json"
}
