# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runner counts, in the text format of Prometheus."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

PREFIX = "bulkhead_response"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_HELP = {
    "alerts": "Alerts taken from a stream, by stream.",
    "decisions": "Decisions, by status.",
    "steps": "Steps run, by name and status.",
    "dead_letters": "Messages put aside, by reason.",
    "retries": "Deliveries that were put back to be tried again.",
    "log_failures": "Records that could not be written to the decision log when they were made.",
    "ingested": "Requests to the ingest, by HTTP status.",
    "reconnects": "Connections to NATS that were made anew.",
}


class Metrics:
    """Counters by name and labels, one histogram of the seconds that a response took, and the gauges of the moment."""

    def __init__(self) -> None:
        self._counters: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter()
        self._buckets = [0] * len(_BUCKETS)
        self._count, self._sum = 0, 0.0
        self._gauges: dict[str, float] = {}
        self.started = time.time()

    def count(self, name: str, **labels: str) -> None:
        """One more."""
        self._counters[name, tuple(sorted(labels.items()))] += 1

    def total(self, name: str) -> int:
        """How many, over all labels."""
        return sum(number for (counter, _labels), number in self._counters.items() if counter == name)

    def gauge(self, name: str, value: float) -> None:
        """What is so at the moment."""
        self._gauges[name] = value

    def observe(self, seconds: float) -> None:
        """A response took so long, from the delivery of its alert to its recorded decision."""
        self._count += 1
        self._sum += seconds
        for number, bound in enumerate(_BUCKETS):
            if seconds <= bound:
                self._buckets[number] += 1

    def text(self) -> str:
        """All of it, as /metrics answers."""
        return "\n".join([*self._counter_lines(), *self._histogram_lines(), *self._gauge_lines()]) + "\n"

    def _counter_lines(self) -> Iterator[str]:
        for name, text in _HELP.items():
            yield f"# HELP {PREFIX}_{name}_total {text}"
            yield f"# TYPE {PREFIX}_{name}_total counter"
            for (counter, labels), number in sorted(self._counters.items()):
                if counter == name:
                    yield f"{PREFIX}_{name}_total{_labelled(labels)} {number}"

    def _histogram_lines(self) -> Iterator[str]:
        name = f"{PREFIX}_response_seconds"
        yield f"# HELP {name} Seconds from the delivery of an alert to its recorded decision, where steps were run."
        yield f"# TYPE {name} histogram"
        for bound, number in zip(_BUCKETS, self._buckets):
            yield f'{name}_bucket{{le="{bound:g}"}} {number}'
        yield f'{name}_bucket{{le="+Inf"}} {self._count}'
        yield f"{name}_sum {self._sum:.6f}"
        yield f"{name}_count {self._count}"

    def _gauge_lines(self) -> Iterator[str]:
        for name, value in {"start_time_seconds": self.started, **self._gauges}.items():
            yield f"# TYPE {PREFIX}_{name} gauge"
            yield f"{PREFIX}_{name} {value:g}"


def _labelled(labels: tuple[tuple[str, str], ...]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
