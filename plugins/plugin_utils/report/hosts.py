# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Audits from what the hosts of a play registered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.errors import ReportError
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.intake import (
    Audit,
    from_result,
    plain,
)


class HostVars(Protocol):
    """What is used of ansible-core's hostvars: `raw_get` leaves alone what audited systems wrote, templates too."""

    def __contains__(self, host: object) -> bool:
        """Whether there is such a host."""

    def raw_get(self, host_name: str) -> Mapping[str, Any]:
        """The variables of a host as they were set, not rendered."""


def from_hosts(hostvars: HostVars, hosts: Iterable[str], variables: Sequence[str]) -> list[Audit]:
    """An Audit or more for each host: from the variables that it registered, or with the reason why there is none."""
    audits = []
    for host in hosts:
        if host not in hostvars:
            raise ReportError(f"hosts: {host!r} is not in the inventory")
        audits.extend(_from_host(host, hostvars.raw_get(host), variables))
    return audits


def _from_host(host: str, registered: Mapping[str, Any], variables: Sequence[str]) -> list[Audit]:
    results = {name: plain(registered[name]) for name in variables if name in registered}
    # A play that audits several systems skips, of each host, those that the host is none of.
    meant = {name: result for name, result in results.items() if not _is_skipped(result)} or results
    audits = [audit for name, result in meant.items() for audit in from_result(result, f"{name} of host {host}", host)]
    if audits:
        return audits
    return [Audit(host, reason=f"The host has no result in {' or '.join(variables)}: unreachable, or never audited.")]


def _is_skipped(result: Any) -> bool:
    return isinstance(result, Mapping) and bool(result.get("skipped"))


def from_results(results: Any) -> list[Audit]:
    """Audits from the `results` option: {host: result}, results that name their target, or one such result."""
    if isinstance(results, Mapping) and "findings" not in results and not isinstance(results.get("results"), list):
        return [audit for host, one in results.items() for audit in from_result(one, f"results, host {host}", host)]
    rows = results if isinstance(results, list) else [results]
    return [audit for number, one in enumerate(rows, 1) for audit in from_result(one, f"results, item {number}", "")]
