# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A webserver that answers as Falco's does: its paths and formats are those that Falco 0.43 and 0.44 publish."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

METRICS = """# HELP falcosecurity_falco_version_info https://falco.org/docs/metrics/
# TYPE falcosecurity_falco_version_info gauge
falcosecurity_falco_version_info{{version="{version}"}} 1
{files}
# HELP falcosecurity_falco_outputs_queue_num_drops_total https://falco.org/docs/metrics/
# TYPE falcosecurity_falco_outputs_queue_num_drops_total counter
falcosecurity_falco_outputs_queue_num_drops_total {queue_drops}
falcosecurity_falco_reload_timestamp_nanoseconds 1748338536592811359
falcosecurity_falco_rules_matches_total{{priority="5",rule_name="Terminal \\"shell\\"",source="syscall"}} 1
falcosecurity_scap_engine_name_info{{engine_name="{engine}",evt_source="syscall"}} 1
falcosecurity_scap_n_evts_total {events}
falcosecurity_scap_n_drops_buffer_total{{dir="exit",drop="clone_fork"}} 0
falcosecurity_scap_n_drops_total {drops}
"""


@dataclass
class FalcoStandIn:
    """What it says; change it at any time. rules: SHA-256 of the files that it loaded, by their names."""

    version: str = "0.43.1"
    status: str = "ok"
    metrics: bool = True
    engine: str = "modern_bpf"
    events: int = 1_000_000
    drops: int = 0
    queue_drops: int = 0
    rules: Mapping[str, str] = field(default_factory=dict)

    def answer(self, path: str) -> str | None:
        """The body at a path, None where there is none."""
        if path == "/healthz":
            return json.dumps({"status": self.status})
        if path == "/versions":
            return json.dumps({"falco_version": self.version, "plugin_versions": {"container": "0.6.1"}})
        return self._metrics() if path == "/metrics" and self.metrics else None

    def _metrics(self) -> str:
        name = "falcosecurity_falco_sha256_rules_files_info"
        files = "\n".join(f'{name}{{file_name="{file}",sha256="{sha}"}} 1' for file, sha in self.rules.items())
        values: dict[str, Any] = {"version": self.version, "engine": self.engine, "events": self.events}
        return METRICS.format(files=files, queue_drops=self.queue_drops, drops=self.drops, **values)


@contextmanager
def serving(falco: FalcoStandIn) -> Iterator[str]:
    """Its address, as long as the block lasts."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = falco.answer(self.path)
            body = (text or "").encode()
            self.send_response(200 if text is not None else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
