"""The same things on both clouds: what the requests of `asked.py` name, and sessions of a member and of an administrator."""
import os
import struct
import time

import openstack

# how long a thing may take to be ready
PATIENCE = 240


def small_disk():
    """A raw disk of a mebibyte that begins with the mark of a boot sector."""
    return struct.pack("<510sH", b"", 0xAA55).ljust(1 << 20, b"\0")


class Cloud:
    """A cloud with everything that the requests name; `names` says which id stands for which word."""

    def __init__(self, member, admin):
        self.sessions = {"member": openstack.connect(cloud=member), "admin": openstack.connect(cloud=admin)}
        self.names = {"project": self.sessions["member"].current_project_id}
        self.made = []

    def ask(self, who, service, version, method, path, body=None):
        """Asks for a path of a service at a microversion: the status and what the body says."""
        session = self.sessions[who]
        client = session.compute if service == "compute" else session.block_storage
        headers = {"OpenStack-API-Version": f"{service} {version}"}
        answer = client.request(path, method, json=body, headers=headers, raise_exc=False, microversion=None)
        try:
            return answer.status_code, answer.json()
        except ValueError:
            return answer.status_code, None

    def make(self, word, who, service, version, path, body, ready=None):
        """Makes a thing, waits until its status is `ready` and remembers its id."""
        status, answer = self.ask(who, service, version, "POST", path, body)
        if status >= 300:
            raise SystemExit(f"{word} is not made: {status} {answer}")
        thing = answer[next(iter(body))]
        self.names[word] = thing["id"]
        self.made.append((who, service, f"{path}/{thing['id']}"))
        if ready:
            self.wait(who, service, f"{path}/{thing['id']}", ready)
        return thing

    def wait(self, who, service, path, ready, patience=PATIENCE):
        """Waits for a status; None stands for the end of the thing."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            status, answer = self.ask(who, service, "3.27" if service == "volume" else "2.1", "GET", path)
            if status == 404 and ready is None:
                return
            if status == 200:
                (thing,) = answer.values()
                if thing["status"] == ready:
                    return
                if thing["status"].lower().startswith("error"):
                    raise SystemExit(f"{path} fails: {thing}")
            time.sleep(0.5)
        raise SystemExit(f"{path} is not {ready} in time")

    def fill(self):
        """Makes everything."""
        # what a broken run left is not in the way
        own = f"differential-{os.getpid()}"
        member, admin = self.sessions["member"], self.sessions["admin"]
        image = admin.image.create_image(
            own, data=small_disk(), disk_format="raw", container_format="bare", visibility="public")
        self.names["image"] = image.id
        network = member.network.create_network(name=own)
        member.network.create_subnet(network_id=network.id, name=own, ip_version=4, cidr="10.98.0.0/24")
        self.names["network"] = network.id
        flavor = {"flavor": {"name": own, "ram": 64, "disk": 1, "vcpus": 1}}
        self.make("flavor", "admin", "compute", "2.1", "/flavors", flavor)
        self.make("type", "admin", "volume", "3.0", "/types", {"volume_type": {"name": own}})
        self.make("qos", "admin", "volume", "3.0", "/qos-specs", {"qos_specs": {"name": own}})
        self.make("volume", "member", "volume", "3.0", "/volumes", {"volume": {"size": 1, "name": "free"}}, "available")
        attached = {"volume": {"size": 1, "name": "attached"}}
        self.make("attached", "member", "volume", "3.0", "/volumes", attached, "available")
        snapshot = {"snapshot": {"volume_id": self.names["volume"], "name": "one"}}
        self.make("snapshot", "member", "volume", "3.0", "/snapshots", snapshot, "available")
        server = {"server": {"name": "one", "flavorRef": self.names["flavor"], "imageRef": image.id,
                             "networks": [{"uuid": network.id}]}}
        self.make("server", "member", "compute", "2.1", "/servers", server, "ACTIVE")
        tie = {"volumeAttachment": {"volumeId": self.names["attached"]}}
        status, answer = self.ask(
            "member", "compute", "2.1", "POST", f"/servers/{self.names['server']}/os-volume_attachments", tie)
        if status != 200:
            raise SystemExit(f"the volume is not attached: {status} {answer}")
        self.wait("member", "volume", f"/volumes/{self.names['attached']}", "in-use")

    def empty(self):
        """Removes everything, so that the peer can be asked again."""
        for who, service, path in reversed(self.made):
            if path.startswith("/qos-specs"):
                path += "?force=true"
            self.ask(who, service, "3.27" if service == "volume" else "2.1", "DELETE", path)
            if path.startswith(("/servers", "/snapshots", "/volumes")):
                try:
                    self.wait(who, service, path, None, patience=20)
                except SystemExit as stays:  # a snapshot that the peer cannot remove is no finding
                    print(f"  the peer keeps {stays}")
        member, admin = self.sessions["member"], self.sessions["admin"]
        for word, service, delete in (("network", member, "delete_network"), ("image", admin, "delete_image")):
            if word in self.names:
                proxy = service.network if word == "network" else service.image
                getattr(proxy, delete)(self.names[word], ignore_missing=True)
