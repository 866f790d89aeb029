# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owner and mode of the files that the daemon is made of, each wherever this daemon has it.

Facts: docker/collect/files.py. A role is a part that a path plays; a path of it that does not exist is not judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis import cis

References = tuple[Mapping[str, str], ...]

_WHERE = "{path: path, real_path: real_path}"


def _owned(
    role: str, what: str, references: References = (), owners: tuple[str, ...] = ("root:root",), kind: str = "file"
) -> Control:
    """A row on user and group; a rootless daemon's files have a row of their own."""
    return Control(
        id=f"docker.file.{role}.owner",
        title=f"{what} belongs to {' or '.join(owners)}",
        scope="file",
        severity="high",
        when=f"role == '{role}' && exists && type == '{kind}' && !rootless",
        actual="ownership",
        expected={"in": list(owners)},
        evidence=_WHERE,
        remediation=f"Run `chown {owners[0]} PATH` on the path named.",
        rationale="Its owner decides what root does next.",
        not_applicable=f"There is no such file, or the daemon is rootless: {what[0].lower()}{what[1:]}.",
        references=references,
    )


def _mode(role: str, what: str, mode: str, references: References = (), kind: str = "file") -> Control:
    """A row on the permission bits that may be set at most."""
    return Control(
        id=f"docker.file.{role}.mode",
        title=f"{what} has mode {mode} or stricter",
        scope="file",
        severity="high",
        when=f"role == '{role}' && exists && type == '{kind}'",
        actual="mode",
        expected={"mode_within": mode},
        evidence=_WHERE,
        remediation=f"Run `chmod {mode} PATH` on the path named.",
        rationale="Every bit beyond gives somebody a way to read or change what root relies on.",
        not_applicable=f"There is no such file: {what[0].lower()}{what[1:]}.",
        references=references,
    )


_SOCKET_OWNERS = ("root:docker", "root:root")

FILE_CONTROLS: tuple[Control, ...] = (
    _owned("docker_service", "The daemon's service unit", cis("3.1", "3.1")),
    _mode("docker_service", "The daemon's service unit", "0644", cis("3.2", "3.2")),
    _owned("docker_socket_unit", "The daemon's socket unit", cis("3.3", "3.3")),
    _mode("docker_socket_unit", "The daemon's socket unit", "0644", cis("3.4", "3.4")),
    _owned("config_dir", "The daemon's configuration folder", cis("3.5", "3.5"), kind="directory"),
    _mode("config_dir", "The daemon's configuration folder", "0755", cis("3.6", "3.6"), kind="directory"),
    _owned("registry_certificate", "A registry's certificate", cis("3.7", "3.7")),
    _mode("registry_certificate", "A registry's certificate", "0444", cis("3.8", "3.8")),
    _owned("registry_key", "A registry's client key", cis("3.7", "3.7")),
    # The benchmark knows no keys among the certificates and asks 0444 of all; a key must not be everybody's to read.
    _mode("registry_key", "A registry's client key", "0444", cis("3.8", "3.8")),
    replace(
        _mode("registry_key", "A registry's client key", "0400"),
        id="docker.file.registry_key.private",
        title="A registry's client key is root's alone to read",
    ),
    _owned("tls_ca", "The CA of TLS clients", cis("3.9", "3.9")),
    _mode("tls_ca", "The CA of TLS clients", "0444", cis("3.10", "3.10")),
    _owned("tls_cert", "The daemon's TLS certificate", cis("3.11", "3.11")),
    _mode("tls_cert", "The daemon's TLS certificate", "0444", cis("3.12", "3.12")),
    _owned("tls_key", "The daemon's TLS key", cis("3.13", "3.13")),
    _mode("tls_key", "The daemon's TLS key", "0400", cis("3.14", "3.14")),
    _owned("docker_socket", "The daemon's socket", cis("3.15", "3.15"), _SOCKET_OWNERS, kind="socket"),
    _mode("docker_socket", "The daemon's socket", "0660", cis("3.16", "3.16"), kind="socket"),
    _owned("daemon_json", "daemon.json", cis("3.17", "3.17")),
    _mode("daemon_json", "daemon.json", "0644", cis("3.18", "3.18")),
    _owned("default_docker", "/etc/default/docker", cis("3.19", "3.19")),
    _mode("default_docker", "/etc/default/docker", "0644", cis("3.20", "3.20")),
    _mode("sysconfig_docker", "/etc/sysconfig/docker", "0644", cis("3.21", "3.21")),
    _owned("sysconfig_docker", "/etc/sysconfig/docker", cis("3.22", "3.22")),
    _owned("containerd_socket", "containerd's socket", cis("3.23", "3.23"), kind="socket"),
    _mode("containerd_socket", "containerd's socket", "0660", cis("3.24", "3.24"), kind="socket"),
    _owned("environment_file", "An environment file of the service unit"),
    _mode("environment_file", "An environment file of the service unit", "0644"),
    _owned("containerd_config", "containerd's configuration"),
    _mode("containerd_config", "containerd's configuration", "0644"),
    _owned("data_root", "The data root", kind="directory"),
    _mode("data_root", "The data root", "0711", kind="directory"),
    Control(
        id="docker.file.binary.owner",
        title="The binaries that the daemon runs belong to root",
        scope="file",
        severity="critical",
        when="ends_with(role, '_binary') && exists || starts_with(role, 'containerd_shim') && exists",
        actual="uid",
        expected={"equals": 0},
        evidence="{path: path, ownership: ownership}",
        remediation="Run `chown root:root PATH` on the path named, and install the package again if in doubt.",
        rationale="Who owns the binary is root at the next start of a container.",
    ),
    Control(
        id="docker.file.binary.mode",
        title="Nobody but root may change the binaries that the daemon runs",
        scope="file",
        severity="critical",
        when="ends_with(role, '_binary') && exists || starts_with(role, 'containerd_shim') && exists",
        actual="mode",
        expected={"mode_within": "0755"},
        evidence="{path: path, ownership: ownership}",
        remediation="Run `chmod 0755 PATH` on the path named, and install the package again if in doubt.",
        rationale="Who may write to the binary is root at the next start of a container.",
    ),
    Control(
        id="docker.file.parents",
        title="Nobody but root can replace the daemon's files by way of a folder above",
        scope="file",
        severity="high",
        when="exists && role != 'registry_certificate'",
        actual="loose_parents",
        expected={"empty": True},
        evidence=_WHERE,
        remediation="Give the folders named to root and take the write permission of others away.",
        rationale="Who may write to a folder may put another file in the place of one that is well protected itself.",
    ),
    Control(
        id="docker.file.rootless.owner",
        title="A rootless daemon's files belong to its user or to root",
        scope="file",
        severity="high",
        when="rootless && exists",
        actual="trusted_owner",
        expected={"equals": True},
        evidence="{path: path, ownership: ownership}",
        remediation="Run `chown USER PATH` on the path named, with the daemon's user.",
        rationale="Whoever else owns them decides what the daemon does.",
        not_applicable="The daemon is not rootless.",
    ),
)
