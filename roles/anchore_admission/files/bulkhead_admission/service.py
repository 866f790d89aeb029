# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole webhook: makes the parts, follows the certificate, and ends without letting a review fall."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import Scanner
from bulkhead_admission.certificate import Certificate
from bulkhead_admission.config import Config
from bulkhead_admission.decision_log import DecisionLog
from bulkhead_admission.judge import Judge, Resolve
from bulkhead_admission.metrics import Metrics
from bulkhead_admission.reviewer import Reviewer
from bulkhead_admission.server import Health, Webhook, listen

log = logging.getLogger(__name__)

_THREADS = 32
_LOOK_AT_CERTIFICATE = 2.0


class Service:
    """The webhook. `run` returns when it was told to end. drain: seconds that it answers on after that.

    Whoever still has its address, for the word that it is ending takes its time, must find it.
    """

    def __init__(self, config: Config, scanner: Scanner, resolve: Resolve, drain: float) -> None:
        """To be made within a running event loop. ConfigError for what cannot be used."""
        self._config, self._drain = config, drain
        self.metrics = Metrics()
        self._certificate = Certificate(config.tls, self.metrics)
        self._threads = ThreadPoolExecutor(_THREADS, "verdict")
        self.judge = Judge(config, scanner, resolve, self._threads, self.metrics)
        reviewer = Reviewer(config, self.judge, self.metrics, DecisionLog())
        policies = tuple(policy.name for policy in config.policies)
        self._webhook = Webhook(reviewer, self.metrics, config.tls.client_names, policies)
        self._health = Health(self.problems, self._measured)

    def problems(self) -> list[str]:
        """Why it is not ready; empty when it is. A scanner that is down is none: what then, is declared."""
        found = ["it is ending"] if self._webhook.ending else []
        return [*found, "the certificate has expired"] if self._certificate.expired else found

    async def run(self) -> None:
        """Until SIGTERM or SIGINT."""
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        await listen(self._webhook.runner, self._config.listen, "listen", self._certificate.context)
        await listen(self._health.runner, self._config.health, "health")
        following = asyncio.get_running_loop().create_task(self._follow())
        await ended.wait()
        self._webhook.ending = True
        log.info("ending in %g s", self._drain)
        await asyncio.sleep(self._drain)
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following
        await self._webhook.runner.cleanup()
        await self._health.runner.cleanup()
        await self.judge.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_AT_CERTIFICATE)
            self._certificate.follow()

    def _measured(self) -> str:
        self.metrics.gauge("verdicts_cached", len(self.judge.verdicts))
        self.metrics.gauge("scans_in_flight", self.judge.verdicts.in_flight)
        return self.metrics.text()
