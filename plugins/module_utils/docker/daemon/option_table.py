# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every option of dockerd since 18.09, a row each: what daemon.json calls it, its flag, and since when it is there.

Source: `dockerd --help` and the daemon's own configuration and reload code, release by release, 18.09 to 29.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NEWEST_KNOWN = (29, 7)


@dataclass(frozen=True)
class Option:
    """One option.

    `kind`: bool, int, str, size (bytes, or a string such as "64M"), ip, list, ip_list, map (of strings), bool_map,
    nested_map (a map of maps of strings), ulimits, runtimes, pools, proxies, object (not looked into).
    `flag`: its name on the command line, "" where it has none. `since`, `until`: releases; it works from the one
    on and up to, not including, the other ("" for still there).
    `reload`: what a SIGHUP does with it: "" nothing, "set" takes a value from the file but keeps the old one when the
    key is gone, "reset" takes it and goes back to the default when the key is gone.
    `default`: what dockerd does without it; None where that depends on the host.
    `old_hint`: what to write instead, for a retired one.
    """

    key: str
    kind: str
    flag: str
    since: str = "18.09"
    until: str = ""
    reload: str = ""
    default: Any = None
    short: str = ""
    old_hint: str = ""


def _option(key: str, kind: str, flag: str = "=", **more: Any) -> Option:
    return Option(key, kind, key if flag == "=" else flag, **more)


_NO_KV_STORE = "external key-value stores are gone; use swarm mode"

OPTIONS: tuple[Option, ...] = (
    _option("allow-direct-routing", "bool", since="28.2", default=False),
    _option(
        "allow-nondistributable-artifacts",
        "list",
        until="28.0",
        reload="set",
        default=[],
        old_hint="they are pushed without it",
    ),
    _option("api-cors-header", "str", until="28.0", default="", old_hint="set CORS headers in a reverse proxy"),
    _option("authorization-plugins", "list", "authorization-plugin", reload="reset", default=[]),
    _option("bip", "str", default=""),
    _option("bip6", "str", since="28.0", default=""),
    _option("bridge", "str", short="b", default=""),
    _option("bridge-accept-fwmark", "str", since="29.0", default=""),
    _option("builder", "object", "", default={}),
    _option("cdi-spec-dirs", "list", "cdi-spec-dir", since="25.0"),
    _option("cgroup-parent", "str", default=""),
    _option("cluster-advertise", "str", until="23.0", reload="set", default="", old_hint=_NO_KV_STORE),
    _option("cluster-store", "str", until="23.0", reload="set", default="", old_hint=_NO_KV_STORE),
    _option("cluster-store-opts", "map", "cluster-store-opt", until="23.0", default={}, old_hint=_NO_KV_STORE),
    _option("containerd", "str", default=""),
    _option("containerd-namespace", "str", since="19.03", default="moby"),
    _option("cpu-rt-period", "int", default=0),
    _option("cpu-rt-runtime", "int", default=0),
    _option("cri-containerd", "bool", default=False),
    _option("data-root", "str", default="/var/lib/docker"),
    _option("debug", "bool", short="D", reload="set", default=False),
    _option("default-address-pools", "pools", "default-address-pool", default=[]),
    _option("default-cgroupns-mode", "str", since="20.10", reload="set"),
    _option("default-gateway", "ip", default=""),
    _option("default-gateway-v6", "ip", default=""),
    _option("default-ipc-mode", "str", reload="set", default="private"),
    _option("default-network-opts", "nested_map", "default-network-opt", since="24.0", default={}),
    _option("default-runtime", "str", reload="set", default="runc"),
    _option("default-shm-size", "size", reload="set", default=67108864),
    _option("default-stop-timeout", "int", since="29.7", reload="set", default=10),
    _option("default-ulimits", "ulimits", "default-ulimit", default={}),
    _option("deprecated-key-path", "str", until="23.0", old_hint="the engine's id needs no key file any more"),
    _option("disable-legacy-registry", "bool", until="19.03", old_hint="v1 registries are never used any more"),
    _option("dns", "ip_list", default=[]),
    _option("dns-opts", "list", "dns-opt", default=[]),
    _option("dns-search", "list", default=[]),
    _option("exec-opts", "list", "exec-opt", default=[]),
    _option("exec-root", "str", default="/var/run/docker"),
    _option("experimental", "bool", default=False),
    _option("features", "bool_map", "feature", reload="reset", default={}),
    _option("firewall-backend", "str", since="29.0", default=""),
    _option("fixed-cidr", "str", default=""),
    _option("fixed-cidr-v6", "str", default=""),
    _option("graph", "str", until="23.0", short="g", old_hint="write data-root"),
    _option("group", "str", short="G", default="docker"),
    _option("host-gateway-ip", "ip", since="20.10", default=""),
    _option("host-gateway-ips", "ip_list", "", since="28.0", default=[]),
    _option("hosts", "list", "host", short="H", default=[]),
    _option("icc", "bool", default=True),
    _option("init", "bool", default=False),
    _option("init-path", "str", default=""),
    _option("insecure-registries", "list", "insecure-registry", reload="set", default=[]),
    _option("ip", "ip", default="0.0.0.0"),
    _option("ip-forward", "bool", default=True),
    _option("ip-forward-no-drop", "bool", since="28.0", default=False),
    _option("ip-masq", "bool", default=True),
    _option("ip6tables", "bool", since="20.10"),
    _option("iptables", "bool", default=True),
    _option("ipv6", "bool", default=False),
    _option("labels", "list", "label", reload="set", default=[]),
    _option("live-restore", "bool", reload="set", default=False),
    _option("log-driver", "str", default="json-file"),
    _option("log-format", "str", since="25.0", default="text"),
    _option("log-level", "str", short="l", default="info"),
    _option("log-opts", "map", "log-opt", default={}),
    _option("max-concurrent-downloads", "int", reload="reset", default=3),
    _option("max-concurrent-uploads", "int", reload="reset", default=5),
    _option("max-download-attempts", "int", since="20.10", reload="reset", default=5),
    _option("metrics-addr", "str", default=""),
    _option("min-api-version", "str", "", since="29.0"),
    _option("mtu", "int"),
    _option("network-control-plane-mtu", "int", default=1500),
    _option("network-diagnostic-port", "int", reload="reset", default=0),
    _option("no-new-privileges", "bool", default=False),
    _option("node-generic-resources", "list", "node-generic-resource", default=[]),
    _option("nri-opts", "object", since="29.2", reload="reset", default={}),
    _option("oom-score-adjust", "int", until="26.0", old_hint="set OOMScoreAdjust= in docker.service"),
    _option("pidfile", "str", short="p", default="/var/run/docker.pid"),
    _option("proxies", "proxies", "", since="23.0", default={}),
    _option("raw-logs", "bool", default=False),
    _option("registry-mirrors", "list", "registry-mirror", reload="set", default=[]),
    _option("rootless", "bool", since="19.03", default=False),
    _option("runtimes", "runtimes", "add-runtime", reload="set", default={}),
    _option("seccomp-profile", "str", default=""),
    _option("selinux-enabled", "bool", default=False),
    _option("shutdown-timeout", "int", reload="set", default=15),
    _option("storage-driver", "str", short="s"),
    _option("storage-opts", "list", "storage-opt", default=[]),
    _option("swarm-default-advertise-addr", "str", default=""),
    _option("tls", "bool", default=False),
    _option("tlscacert", "str"),
    _option("tlscert", "str"),
    _option("tlskey", "str"),
    _option("tlsverify", "bool", default=False),
    _option("userland-proxy", "bool", default=True),
    _option("userland-proxy-path", "str"),
    _option("userns-remap", "str", default=""),
)

# Flags whose value daemon.json keeps inside an object, as (key, member).
MEMBER_FLAGS: dict[str, tuple[str, str]] = {
    "http-proxy": ("proxies", "http-proxy"),
    "https-proxy": ("proxies", "https-proxy"),
    "no-proxy": ("proxies", "no-proxy"),
}

# Flags that have no working key in daemon.json: dockerd lets some of them pass there and ignores them.
FLAG_ONLY_KINDS: dict[str, str] = {
    "config-file": "str",
    "containerd-plugins-namespace": "str",
    "help": "bool",
    "restart": "bool",
    "validate": "bool",
    "version": "bool",
}

# Shorthands of flags that have no key.
FLAG_ONLY_SHORT: dict[str, str] = {"h": "help", "r": "restart", "v": "version"}

# Keys that the daemon takes both as a flag and in the file, and merges.
MERGED_WITH_FLAG = frozenset({"runtimes"})
