#!/usr/bin/env python3
"""Asks two clouds the same and tells where they answer differently: by status, by fault, and by the fields of answers.

    compare ACCEPTED [--write FILE]

The clouds are those of clouds.yaml: ours is `kogge` with `kogge-admin`, the peer's are `peer` and `peer-admin`. ACCEPTED
holds the differences that are accepted, `FINDING # REASON` a line, `*` for anything. Any other difference makes the
command fail, and so does a line that meets none any more. --write leaves all findings in a file.
"""
import argparse
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor

from asked import REQUESTS
from fixture import Cloud

FAULTS = 400


def filled(text, names):
    return re.sub(r"\{(\w+)\}", lambda found: names.get(found.group(1), found.group(0)), text)


def body_of(body, names):
    return None if body is None else json.loads(filled(json.dumps(body), names))


def kind(value):
    for kinds, name in (((bool,), "boolean"), ((int, float), "number"), ((str,), "string"), ((list,), "list")):
        if isinstance(value, kinds):
            return name
    return "null" if value is None else "object"


def fields(value, at=""):
    """The kinds of all fields of an answer by their path; items of a list share one."""
    found = {at or ".": {kind(value)}}
    below = []
    if isinstance(value, dict):
        below = [(f"{at}/{key}", part) for key, part in value.items()]
    elif isinstance(value, list):
        below = [(f"{at}[]", part) for part in value]
    for place, part in below:
        for path, kinds in fields(part, place).items():
            found.setdefault(path, set()).update(kinds)
    return found


def fault(answer):
    """The name of a fault, which clients look for."""
    return next(iter(answer), None) if isinstance(answer, dict) and len(answer) == 1 else kind(answer)


def differences(ours, theirs):
    """What is different in two answers, each a status and a body."""
    if ours[0] != theirs[0]:
        yield f"status: {ours[0]}, theirs {theirs[0]}"
        return
    if ours[0] >= FAULTS:
        if fault(ours[1]) != fault(theirs[1]):
            yield f"fault: {fault(ours[1])}, theirs {fault(theirs[1])}"
        return
    mine, other = fields(ours[1]), fields(theirs[1])
    for path in sorted(mine.keys() | other.keys()):
        # below something that one of them does not have at all, or has empty, nothing can be compared
        parent = re.sub(r"(\[\]|/[^/\[]*)$", "", path) or "."
        if parent != path and (parent not in mine or parent not in other):
            continue
        if path.endswith("[]") and (path not in mine or path not in other):
            continue
        if path not in other:
            yield f"only ours: {path}"
        elif path not in mine:
            yield f"only theirs: {path}"
        elif not (mine[path] & other[path]) and "null" not in mine[path] | other[path]:
            yield f"{path}: {'/'.join(sorted(mine[path]))}, theirs {'/'.join(sorted(other[path]))}"


def name_of(who, service, version, method, path, body):
    told = f" {json.dumps(body, sort_keys=True)}" if body is not None else ""
    return f"{who} {service} {version} {method} {path}{told}"[:200]


def findings(clouds):
    """Every difference, with what was asked; all requests in their order, both clouds at once."""
    with ThreadPoolExecutor(2) as pool:
        for who, service, version, method, path, body in REQUESTS:
            def ask(cloud):
                names = cloud.names
                if method == "WAIT":
                    cloud.wait(who, service, filled(path, names), body)
                    return 200, None
                return cloud.ask(who, service, version, method, filled(path, names), body_of(body, names))
            ours, theirs = pool.map(ask, clouds)
            for difference in differences(ours, theirs):
                yield f"{name_of(who, service, version, method, path, body)}: {difference}"


def read_accepted(path):
    lines = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            pattern, parted, reason = line.strip().partition(" # ")
            if not line.strip() or line.startswith("#"):
                continue
            if not parted or not reason:
                sys.exit(f"{path}: not `FINDING # REASON`: {line}")
            lines.append((pattern, re.compile(".*".join(map(re.escape, pattern.split("*"))), re.S)))
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("accepted")
    parser.add_argument("--write")
    arguments = parser.parse_args()
    accepted = read_accepted(arguments.accepted)
    clouds = [Cloud("kogge", "kogge-admin"), Cloud("peer", "peer-admin")]
    try:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(Cloud.fill, clouds))
        found = list(findings(clouds))
    finally:
        clouds[1].empty()
    if arguments.write:
        with open(arguments.write, "w", encoding="utf-8") as file:
            file.writelines(f"{one}\n" for one in found)
    met, ours = set(), []
    for one in found:
        pattern = next((pattern for pattern, form in accepted if form.fullmatch(one)), None)
        met.add(pattern)
        if pattern is None:
            ours.append(one)
    for one in ours:
        print(f"  {one}")
    unmet = [pattern for pattern, _ in accepted if pattern not in met]
    for pattern in unmet:
        print(f"  accepted, but there is no such difference: {pattern}")
    print(f"{len(REQUESTS)} requests: {len(found)} differences, {len(found) - len(ours)} of them accepted")
    sys.exit(1 if ours or unmet else 0)


if __name__ == "__main__":
    main()
