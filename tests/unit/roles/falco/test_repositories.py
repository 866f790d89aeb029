# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The key of the package repository is trusted by its fingerprint alone."""

from __future__ import annotations

from typing import Any

import yaml

from tests.lab.dockerd import REPOSITORY


def _arguments(family: str, module: str) -> dict[str, Any]:
    tasks = yaml.safe_load((REPOSITORY / f"roles/falco/tasks/repository_{family}.yml").read_text())
    [arguments] = [task[f"ansible.builtin.{module}"] for task in tasks if f"ansible.builtin.{module}" in task]
    return dict(arguments)


def test_dnf_fetches_no_key_by_itself() -> None:
    repository = _arguments("redhat", "yum_repository")
    assert repository["gpgcheck"] is True
    assert "gpgkey" not in repository
    assert _arguments("redhat", "rpm_key")["fingerprint"]


def test_a_key_that_was_fetched_before_does_not_stay() -> None:
    assert _arguments("debian", "get_url")["force"] is True
