# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine below the daemon: where its data lies, who may use it, what the kernel records of it.

Facts: docker/collect/host.py and docker/collect/audit_rules.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis import cis


def _watch(
    name: str, what: str, role: str, references: tuple[Mapping[str, str], ...], severity: str = "medium"
) -> Control:
    """A row on the audit watch of one of the daemon's paths, found by its role."""
    return Control(
        id=f"docker.host.audit.{name}",
        title=f"The kernel records changes to {what}",
        scope="host",
        severity=severity,
        when=f"audit_paths.{role}",
        actual=f"audit_watches.{role}[?!watched].path",
        expected={"empty": True},
        evidence=f"audit_watches.{role}",
        remediation=(
            "Add an audit rule for each path listed, such as `-w PATH -p rwxa -k docker`, to a file in "
            "/etc/audit/rules.d and load it with `augenrules --load`."
        ),
        rationale=(
            "Whoever changes this can take over the host; without a rule on its real path, no trace is left. "
            "A rule on a folder above counts, for the kernel watches everything below it."
        ),
        not_applicable=f"Not on this host: {what}.",
        references=references,
    )


HOST_CONTROLS: tuple[Control, ...] = (
    Control(
        id="docker.host.data_root.separate",
        title="The data root has a filesystem of its own",
        scope="host",
        severity="medium",
        actual="data_root.separate",
        expected={"equals": True},
        evidence="data_root",
        remediation="Mount a volume of its own at the daemon's data root (stop the daemon, copy, mount, start).",
        rationale=(
            "Images and logs grow without bound; on a shared filesystem they stop the host when it is full. "
            "A bind mount of the same filesystem, such as dockerd makes itself, does not help."
        ),
        references=cis("1.1.1", "1.1.1"),
    ),
    Control(
        id="docker.host.trusted_users",
        title="Nobody but trusted users may use the daemon's socket",
        scope="host",
        severity="high",
        actual="socket_users",
        expected={"subset_of": []},
        evidence="{groups: socket_groups}",
        remediation=(
            "Take the users listed out of the socket's group (`gpasswd -d USER GROUP`), or name those whom you trust: "
            "override the expectation of this control with {subset_of: [alice, ci]}."
        ),
        rationale="Who may write to the socket can start a privileged container, and so is root on the host.",
        references=cis("1.1.2", "1.1.2"),
    ),
    _watch("dockerd", "the daemon's binary", "dockerd_binary", cis("1.1.3", "1.1.3"), "high"),
    _watch("containerd_dir", "containerd's runtime folder", "containerd_dir", cis("1.1.4", "1.1.4")),
    _watch("data_root", "the data root", "data_root", cis("1.1.5", "1.1.5")),
    _watch("config_dir", "the daemon's configuration folder", "config_dir", cis("1.1.6", "1.1.6")),
    _watch("docker_service", "the daemon's service unit", "docker_service", cis("1.1.7", "1.1.7")),
    _watch("containerd_socket", "containerd's socket", "containerd_socket", cis("1.1.8", "1.1.8")),
    _watch("docker_socket", "the daemon's socket", "docker_socket", cis("1.1.9", None)),
    _watch("docker_socket_unit", "the daemon's socket unit", "docker_socket_unit", cis(None, "1.1.9")),
    _watch("default_docker", "/etc/default/docker", "default_docker", cis("1.1.10", "1.1.10")),
    _watch("daemon_json", "daemon.json", "daemon_json", cis("1.1.11", "1.1.11")),
    _watch("containerd_config", "containerd's configuration", "containerd_config", cis("1.1.12", "1.1.12")),
    _watch("sysconfig_docker", "/etc/sysconfig/docker", "sysconfig_docker", cis("1.1.13", "1.1.13")),
    _watch("containerd", "containerd's binary", "containerd_binary", cis("1.1.14", "1.1.14")),
    _watch("containerd_shim", "containerd-shim", "containerd_shim", cis("1.1.15", "1.1.15")),
    _watch("containerd_shim_runc_v1", "containerd-shim-runc-v1", "containerd_shim_v1", cis("1.1.16", "1.1.16")),
    _watch("containerd_shim_runc_v2", "containerd-shim-runc-v2", "containerd_shim_v2", cis("1.1.17", "1.1.17")),
    _watch("runc", "runc", "runc_binary", cis("1.1.18", "1.1.18")),
    _watch("runtimes", "the binaries of further runtimes", "runtime_binary", ()),
    Control(
        id="docker.host.audit.enabled",
        title="The kernel's auditing is switched on",
        scope="host",
        severity="medium",
        actual="audit_enabled",
        expected={"equals": True},
        remediation="Install and start auditd, or switch auditing on with `auditctl -e 1`.",
        rationale="Loaded rules record nothing while auditing is off.",
    ),
    Control(
        id="docker.host.audit.saved",
        title="Audit rules on the daemon's files outlive a reboot",
        scope="host",
        severity="low",
        when="audit_watches",
        actual="audit_unsaved",
        expected={"empty": True},
        remediation="Write the rules that are loaded to a file in /etc/audit/rules.d as well.",
        rationale="A rule that was only loaded by hand is gone after the next boot.",
    ),
    Control(
        id="docker.host.hardened",
        title="The host is hardened by a standard of its own",
        scope="host",
        severity="medium",
        manual=(
            "Whether the host follows its own hardening standard is for an audit of the operating system, "
            "such as the openscap role runs."
        ),
        remediation="Harden the operating system by its own benchmark, patch it, and remove what it does not need.",
        references=cis("1.2.1", "1.2.1"),
    ),
    Control(
        id="docker.host.engine_maintained",
        title="The engine's release line still gets security fixes",
        scope="host",
        severity="high",
        actual="engine_version",
        # Lines that upstream maintains: 29, the long-lived 25.0, and whatever comes after those known here.
        expected={"matches": r"^(25\.0|29|[3-9]\d)\."},
        remediation=(
            "Move to a maintained line of Docker Engine. Where a distribution keeps an older line patched, "
            "override the expectation of this control with the versions that it stands for."
        ),
        rationale="Flaws that let a container out are found every year, and mended in maintained lines only.",
        references=cis("1.2.2", "1.2.2"),
    ),
)
