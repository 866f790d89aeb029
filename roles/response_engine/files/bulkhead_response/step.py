# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every step of a response is, action or notification, and what it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from bulkhead_response.alert import Alert
from bulkhead_response.outcome import Outcome

if TYPE_CHECKING:
    import aiohttp

    from bulkhead_response.docker_api import DockerApi
    from bulkhead_response.kubernetes_api import KubernetesApi


@dataclass(frozen=True)
class Context:
    """What a step works with. `key` is the same for the same step of the same alert, on each delivery.

    dry_run: look at everything, change nothing, and say what would be done. `so_far` are the outcomes of the steps
    before this one, by name, for what a notification tells.
    """

    rule: str
    key: str
    dry_run: bool
    http: aiohttp.ClientSession
    kubernetes: KubernetesApi | None = None
    docker: DockerApi | None = None
    so_far: Mapping[str, Outcome] | None = None


class Step(Protocol):
    """One configured action or notification. Made once, when the configuration is read; run for each alert."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """ConfigError for parameters that cannot be used."""

    async def run(self, alert: Alert, context: Context) -> Outcome:
        """Do it, or in a dry run say what would be done. Unreachable where a server does not answer."""
