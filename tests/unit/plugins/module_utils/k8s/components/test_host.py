# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes are components of the audited cluster, told from a /proc of our own making."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.components.host import components_here

OURS, THEIRS = "-----OURS-----\n", "-----THEIRS-----\n"


class Proc:
    """A /proc whose processes see the files of one folder each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._next = 100

    def run(self, *argv: str, **files: str) -> int:
        """A process with this command line, and files by their name under /etc."""
        self._next += 1
        home = self.folder / str(self._next)
        (home / "root" / "etc").mkdir(parents=True)
        (home / "cmdline").write_text("".join(f"{word}\0" for word in argv))
        (home / "stat").write_text(f"{self._next} (x) S " + " ".join(["1"] * 40))
        for name, content in files.items():
            (home / "root" / "etc" / name).write_text(content)
        return self._next


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    return Proc(tmp_path)


def _kubeconfig(server: str, authority: str = "") -> str:
    trusted = f"certificate-authority: {authority}, " if authority else ""
    return f"clusters: [{{cluster: {{{trusted}server: '{server}'}}}}]\n"


def _found(proc: Proc) -> set[int]:
    return {each.pid for each in components_here(OURS, str(proc.folder))}


def test_the_api_server_that_trusts_the_same_authority(proc: Proc) -> None:
    ours = proc.run("/usr/bin/kube-apiserver", "--client-ca-file=/etc/ca", ca=OURS)
    proc.run("kube-apiserver", "--client-ca-file=/etc/ca", ca=THEIRS)
    proc.run("kube-apiserver")
    proc.run("sleep", "kube-apiserver", "--client-ca-file=/etc/ca", ca=OURS)
    assert _found(proc) == {ours}


def test_an_unknown_authority_matches_nothing(proc: Proc) -> None:
    proc.run("kube-apiserver", "--client-ca-file=/etc/ca", ca="")
    assert components_here("", str(proc.folder)) == []


def test_clients_by_their_kubeconfig(proc: Proc) -> None:
    server = proc.run("kube-apiserver", "--client-ca-file=/etc/ca", "--secure-port", "7443", ca=OURS)
    by_authority = proc.run("kubelet", "--kubeconfig=/etc/kc", kc=_kubeconfig("https://lb:443", "/etc/ca"), ca=OURS)
    by_port = proc.run("kube-scheduler", "--kubeconfig=/etc/kc", kc=_kubeconfig("https://127.0.0.1:7443"))
    proc.run("kube-scheduler", "--kubeconfig=/etc/kc", kc=_kubeconfig("https://127.0.0.1:6443"))
    proc.run("kubelet", "--kubeconfig=/etc/kc", kc=_kubeconfig("https://127.0.0.1:7443", "/etc/ca"), ca=THEIRS)
    proc.run("kube-proxy", "--kubeconfig=/etc/kc", kc="{{ not yaml")
    assert _found(proc) == {server, by_authority, by_port}


def test_the_etcd_that_the_api_server_talks_to(proc: Proc) -> None:
    server = proc.run("kube-apiserver", "--client-ca-file=/etc/ca", "--etcd-servers=https://127.0.0.1:2379", ca=OURS)
    store = proc.run("etcd", "--listen-client-urls=https://10.0.0.1:2379,https://127.0.0.1:2379")
    proc.run("etcd", "--listen-client-urls=https://127.0.0.1:22379")
    assert _found(proc) == {server, store}
