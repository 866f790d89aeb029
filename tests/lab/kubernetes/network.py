# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of a cluster with a node: the node in a namespace of its own, a cable to the host, routes to its pods.

The addresses are of 198.18.0.0/15, which is set aside for measuring networks: nobody's own network lies there.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import subprocess
from pathlib import Path

from tests.lab.dockerd import LabError

HOST, NODE, _CABLE = "198.18.0.1", "198.18.0.2", "198.18.0.0/24"
PODS = "198.18.1.0/24"
SERVICES = "198.19.0.0/16"
API_SERVICE = "198.19.0.1"


def host_link(workdir: Path) -> str:
    """The name of the cable's end on the host."""
    return f"blab{hashlib.sha256(bytes(workdir)).hexdigest()[:8]}"


def inside(namespace: Path) -> list[str]:
    """What goes before a command so that it runs in the namespace."""
    # nsenter, not `ip netns exec`: that one remounts /sys and hides the cgroups.
    return ["nsenter", f"--net={namespace}", "--"]


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)
    if done.returncode:
        raise LabError(f"{' '.join(words)}: {done.stderr.strip()}")


def _refuse_overlap() -> None:
    """LabError where the host has a route to our addresses already: ours would cut somebody off."""
    listing = subprocess.run(["ip", "-json", "route"], capture_output=True, text=True, check=True, timeout=30)
    for route in json.loads(listing.stdout or "[]"):
        if route["dst"] == "default":
            continue
        network = ipaddress.ip_network(route["dst"])
        if any(network.overlaps(ipaddress.ip_network(ours)) for ours in (_CABLE, PODS, SERVICES)):
            raise LabError(f"this machine has a route to {route['dst']}, where the lab wanted its own network")


def connect(workdir: Path, namespace: Path) -> None:
    """Lay the cable between the host and the node's namespace, and the host's routes to pods and Services.

    The node gets no default route: kubelet would look for a cloud's metadata service, and wait for it in vain.
    """
    _refuse_overlap()
    link, enter = host_link(workdir), inside(namespace)
    _run("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", str(namespace))
    _run("ip", "address", "add", f"{HOST}/24", "dev", link)
    _run("ip", "link", "set", link, "up")
    _run(*enter, "ip", "address", "add", f"{NODE}/24", "dev", "eth0")
    _run(*enter, "ip", "link", "set", "eth0", "up")
    _run(*enter, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.bridge.bridge-nf-call-iptables=1")
    for network in (PODS, SERVICES):
        _run("ip", "route", "add", network, "via", NODE)


def disconnect(workdir: Path) -> None:
    """Take the cable away, and with it the host's routes. No cable is no error."""
    subprocess.run(["ip", "link", "delete", host_link(workdir)], capture_output=True, check=False, timeout=30)
