# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods as an API server would store them: of the right types, and with anything left out."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

IMAGES = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(
            [
                "",
                "docker.io/",
                "docker.io/library/",
                "library/",
                "localhost/",
                "reg.example.com/",
                "reg:5000/",
                "team/",
                "REG/",
            ]
        ),
        st.sampled_from(["web", "app/web", "reg.example.com", "deadbeefcafe", "latest"]),
        st.sampled_from(["", ":1", ":latest", ":latest-1", ":v1.latest"]),
        st.sampled_from(["", "@sha256:" + "a" * 64, "@sha256:abc", "@"]),
    ),
)
_IDS = st.sampled_from([0, 1, 999, 1000, 65535, 65536])
_SWITCH = st.booleans()


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A mapping in which each field may be missing."""
    return st.fixed_dictionaries({}, optional=fields)


_RESOURCES = optional(limits=optional(cpu=st.just("1"), memory=st.just("1Gi")))
_PROFILE = st.fixed_dictionaries({"type": st.sampled_from(["RuntimeDefault", "Localhost", "Unconfined"])})
_SE_LINUX = optional(
    type=st.sampled_from(["", "container_t", "container_engine_t", "spc_t"]),
    user=st.sampled_from(["", "u"]),
    role=st.sampled_from(["", "r"]),
)
_SHARED = {
    "runAsUser": _IDS,
    "runAsGroup": _IDS,
    "runAsNonRoot": _SWITCH,
    "seccompProfile": _PROFILE,
    "appArmorProfile": _PROFILE,
    "seLinuxOptions": _SE_LINUX,
    "windowsOptions": optional(hostProcess=_SWITCH),
}
_CAPABILITIES = st.lists(st.sampled_from(["ALL", "NET_BIND_SERVICE", "CHOWN", "NET_RAW"]), max_size=2)
_HANDLER = optional(
    httpGet=optional(host=st.sampled_from(["", "h"])), tcpSocket=optional(host=st.sampled_from(["", "h"]))
)
_CONTAINER = st.fixed_dictionaries(
    {"name": st.sampled_from(["a", "b"])},
    optional={
        "image": IMAGES,
        "resources": _RESOURCES,
        "ports": st.lists(optional(hostPort=st.sampled_from([0, 80])), max_size=2),
        "livenessProbe": _HANDLER,
        "lifecycle": optional(preStop=_HANDLER, postStart=_HANDLER),
        "securityContext": optional(
            **_SHARED,
            readOnlyRootFilesystem=_SWITCH,
            allowPrivilegeEscalation=_SWITCH,
            privileged=_SWITCH,
            procMount=st.sampled_from(["Default", "Unmasked"]),
            capabilities=optional(add=_CAPABILITIES, drop=_CAPABILITIES),
        ),
    },
)
_VOLUME = st.sampled_from(["emptyDir", "hostPath", "nfs", "secret", "image"]).map(
    lambda source: {"name": "v", source: {}}
)
SPECS = st.fixed_dictionaries(
    {"containers": st.lists(_CONTAINER, min_size=1, max_size=2)},
    optional={
        "initContainers": st.lists(_CONTAINER, max_size=1),
        "ephemeralContainers": st.lists(_CONTAINER, max_size=1),
        "hostNetwork": _SWITCH,
        "hostPID": _SWITCH,
        "hostUsers": _SWITCH,
        "os": st.fixed_dictionaries({"name": st.sampled_from(["linux", "windows"])}),
        "resources": _RESOURCES,
        "volumes": st.lists(_VOLUME, max_size=2),
        "securityContext": optional(
            **_SHARED,
            fsGroup=_IDS,
            supplementalGroups=st.lists(_IDS, max_size=2),
            sysctls=st.lists(
                st.fixed_dictionaries(
                    {"name": st.sampled_from(["kernel.msgmax", "net.ipv4.tcp_rmem", "net.ipv4.tcp_syncookies"])}
                ),
                max_size=2,
            ),
        ),
    },
)
_VALUES = st.sampled_from(["runtime/default", "localhost/x", "unconfined", ""])
ANNOTATIONS = optional(
    **{
        "seccomp.security.alpha.kubernetes.io/pod": _VALUES,
        "container.seccomp.security.alpha.kubernetes.io/a": _VALUES,
        "container.apparmor.security.beta.kubernetes.io/a": _VALUES,
    }
)
