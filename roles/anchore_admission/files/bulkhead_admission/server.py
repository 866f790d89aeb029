# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What listens: the webhook by HTTPS, and health and metrics by plain HTTP for a kubelet and for Prometheus."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable

from aiohttp import web

from bulkhead_admission.certificate import client_name
from bulkhead_admission.errors import BadReview, ConfigError
from bulkhead_admission.metrics import Metrics
from bulkhead_admission.review import Question, read_admission, read_image_review, written
from bulkhead_admission.reviewer import Reviewer, seconds_left

# Two objects of etcd's largest size, and what JSON makes of them.
_LARGEST = 8 * 1024 * 1024
# Longer than an API server keeps a connection that it does not use: it does not send again what hits a closed one.
_KEEP_ALIVE = 180.0


class Webhook:
    """POST /validate, /validate/POLICY, /imagepolicy. Answers 200 with an answer, or an error that is none.

    names: of clients that may ask; none means whoever gets through TLS.
    """

    def __init__(self, reviewer: Reviewer, metrics: Metrics, names: tuple[str, ...], policies: tuple[str, ...]) -> None:
        self._reviewer, self._metrics, self._names, self._policies = reviewer, metrics, names, policies
        self.ending = False
        app = web.Application(client_max_size=_LARGEST)
        app.router.add_post("/validate", self._validate)
        app.router.add_post("/validate/{policy}", self._validate)
        app.router.add_post("/imagepolicy", self._image_policy)
        self.runner = web.AppRunner(app, access_log=None, keepalive_timeout=_KEEP_ALIVE)

    async def _validate(self, request: web.Request) -> web.Response:
        policy = request.match_info.get("policy", "")
        if policy and policy not in self._policies:
            return web.Response(status=404, text=f"there is no policy {policy[:100]!r} here\n")
        return await self._answered(request, "validate", read_admission, policy)

    async def _image_policy(self, request: web.Request) -> web.Response:
        return await self._answered(request, "imagepolicy", read_image_review, "")

    async def _answered(
        self, request: web.Request, endpoint: str, read: Callable[[bytes], Question], policy: str
    ) -> web.Response:
        if self._names and client_name(request.get_extra_info("ssl_object")) not in self._names:
            self._metrics.count("clients_refused")
            return web.Response(status=403, text="the certificate of this client bears a name that may not ask\n")
        try:
            question = read(await request.read())
        except BadReview as error:
            self._metrics.count("bad_reviews")
            return web.Response(status=400, text=f"{error}\n")
        seconds = seconds_left(self._reviewer.config, request.query.get("timeout", ""))
        answer = await self._reviewer.answer(endpoint, question, seconds, policy)
        response = web.Response(body=written(question, answer), content_type="application/json")
        if self.ending:
            response.force_close()
        return response


class Health:
    """/healthz: the event loop turns. /readyz: 503 with what is wrong. /metrics."""

    def __init__(self, problems: Callable[[], list[str]], metrics: Callable[[], str]) -> None:
        self._problems, self._metrics = problems, metrics
        app = web.Application(client_max_size=1024)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._text)
        self.runner = web.AppRunner(app, access_log=None)

    async def _healthz(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _request: web.Request) -> web.Response:
        problems = self._problems()
        body = json.dumps({"ready": not problems, "problems": problems}) + "\n"
        return web.Response(text=body, content_type="application/json", status=503 if problems else 200)

    async def _text(self, _request: web.Request) -> web.Response:
        return web.Response(text=self._metrics(), content_type="text/plain")


async def listen(runner: web.AppRunner, address: tuple[str, int], key: str, tls: ssl.SSLContext | None = None) -> None:
    """Listen there. ConfigError, with the configuration's key, where that is not possible."""
    await runner.setup()
    try:
        await web.TCPSite(runner, *address, ssl_context=tls, backlog=1024).start()
    except OSError as error:
        raise ConfigError(f"{key}: {address[0]}:{address[1]} cannot be listened on: {error.strerror}") from error
