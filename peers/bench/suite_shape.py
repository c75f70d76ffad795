#!/usr/bin/env python3
"""The calls that the upstream suite makes for the tests without a machine, in its manner: one Python process,
openstacksdk, one call after the other. A measure of time only; nothing is judged, and nobody's objects are touched.

    suite_shape.py [--shared | --unshared] CLOUD [TESTCASE ...]

Without an option, each group of testcases is a process of its own that signs in, discovers the services' versions and
fetches its lists anew: what a run of one test script per standard costs. With --unshared, one process signs in once and
fetches its lists anew for each of the named testcases. With --shared, one process fetches each list once, which is how
the suite of August 2026 works. Needs openstacksdk; the cloud comes from clouds.yaml.
"""
import argparse
import subprocess
import sys
import time

import openstack
import openstack.exceptions

LISTS = {
    "flavors": lambda conn: list(conn.compute.flavors(details=True, get_extra_specs=True, is_public=None)),
    "images": lambda conn: list(conn.image.images(member_status="all")),
    "types": lambda conn: list(conn.block_storage.types()),
    "catalog": lambda conn: conn.service_catalog,
}


class Session:
    """A connection and what was fetched over it."""

    def __init__(self, cloud):
        self.conn, self.kept = openstack.connect(cloud=cloud), {}
        self.conn.authorize()

    def fetch(self, what):
        if what not in self.kept:
            self.kept[what] = attempt(lambda: LISTS[what](self.conn))
        return self.kept[what]


def attempt(call):
    """A service that the cloud does not have costs its refusal, and no more."""
    try:
        return call()
    except (openstack.exceptions.SDKException, AttributeError) as error:
        print(f"  {type(error).__name__}: {str(error)[:100]}", file=sys.stderr)
        return None


def default_rules(session):
    attempt(lambda: list(session.conn.network.default_security_group_rules()))


def key_manager(session):
    conn, name = session.conn, f"_scs-bench-{time.time_ns()}"
    if not any(entry["type"] == "key-manager" for entry in session.fetch("catalog") or []):
        return

    def walk():
        list(conn.key_manager.secrets())
        secret = conn.key_manager.create_secret(name=name, payload="foo", payload_content_type="text/plain",
                                                secret_type="opaque")
        list(conn.key_manager.secrets())
        conn.key_manager.delete_secret(secret.secret_id)
    attempt(walk)


GROUPS = {
    "0100": lambda session: session.fetch("flavors"),
    "0102": lambda session: session.fetch("images"),
    "0103": lambda session: session.fetch("flavors"),
    "0104": lambda session: session.fetch("images"),
    "0114": lambda session: session.fetch("types"),
    "0115": default_rules,
    "0116": key_manager,
    "0116-presence": lambda session: session.fetch("catalog"),
    "0123": lambda session: session.fetch("catalog"),
}


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("cloud")
    options.add_argument("testcases", nargs="*", help="for --unshared")
    options.add_argument("--shared", action="store_true", help="one process for all groups")
    options.add_argument("--unshared", action="store_true", help="one process, lists anew for each testcase")
    options.add_argument("--group", choices=GROUPS, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.group:
        GROUPS[given.group](Session(given.cloud))
    elif given.unshared:
        session = Session(given.cloud)
        for testcase in given.testcases:
            session.kept.clear()
            GROUPS.get(testcase[4:], GROUPS[testcase[4:8]])(session)
    elif given.shared:
        session = Session(given.cloud)
        for group in GROUPS.values():
            group(session)
    else:
        for name in (name for name in GROUPS if len(name) == 4):
            subprocess.run([sys.executable, __file__, given.cloud, "--group", name], check=True)


if __name__ == "__main__":
    main()
