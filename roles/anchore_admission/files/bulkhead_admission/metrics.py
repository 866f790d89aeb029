# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the webhook counts, in the text format of Prometheus."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

PREFIX = "bulkhead_admission"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_COUNTERS = {
    "reviews": "Reviews that were answered, by endpoint, answer and why.",
    "bad_reviews": "Requests that are no review.",
    "cache": "Questions to the caches, by cache and by where the answer came from.",
    "scanner_errors": "Images without a verdict of the scanner, by kind.",
    "registry_errors": "Tags that no registry gave a digest for, by kind.",
    "analyses_requested": "Images that the scanner was asked to analyse.",
    "break_glass": "Objects that were let in unjudged by break-glass.",
    "clients_refused": "Requests whose client certificate bears another name.",
    "certificate_loads": "Certificates of the server that were loaded, or could not be, by result.",
}
_HISTOGRAMS = {
    "review_seconds": "Seconds from a whole request to its answer.",
    "scan_seconds": "Seconds that the scanner took for an image.",
}
_GAUGES = {
    "certificate_expiry_timestamp_seconds": "When the server's certificate ends, in seconds since 1970.",
    "verdicts_cached": "Verdicts in the cache.",
    "scans_in_flight": "Images that the scanner is being asked about.",
}


class Histogram:
    """How many were at most as long as each bound."""

    def __init__(self) -> None:
        self.buckets = [0] * (len(_BUCKETS) + 1)
        self.sum = 0.0

    def observe(self, seconds: float) -> None:
        """One more."""
        self.buckets[bisect.bisect_left(_BUCKETS, seconds)] += 1
        self.sum += seconds


class Metrics:
    """Counters by name and labels, histograms, and the gauges of the moment. For one event loop."""

    def __init__(self) -> None:
        self._counters: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter()
        self._histograms = {name: Histogram() for name in _HISTOGRAMS}
        self._gauges: dict[str, float] = {}

    def count(self, name: str, **labels: str) -> None:
        """One more."""
        self._counters[name, tuple(labels.items())] += 1

    def total(self, name: str, **labels: str) -> int:
        """How many with at least these labels."""
        wanted = set(labels.items())
        return sum(many for (each, has), many in self._counters.items() if each == name and wanted <= set(has))

    def observe(self, name: str, seconds: float) -> None:
        """It took so long."""
        self._histograms[name].observe(seconds)

    def gauge(self, name: str, value: float) -> None:
        """What is so at the moment."""
        self._gauges[name] = value

    def text(self) -> str:
        """All of it, as /metrics answers."""
        return "\n".join([*self._counter_lines(), *self._histogram_lines(), *self._gauge_lines()]) + "\n"

    def _counter_lines(self) -> Iterator[str]:
        for name, text in _COUNTERS.items():
            yield f"# HELP {PREFIX}_{name}_total {text}"
            yield f"# TYPE {PREFIX}_{name}_total counter"
            for (counter, labels), number in sorted(self._counters.items()):
                if counter == name:
                    yield f"{PREFIX}_{name}_total{_labelled(labels)} {number}"

    def _histogram_lines(self) -> Iterator[str]:
        for name, text in _HISTOGRAMS.items():
            histogram = self._histograms[name]
            yield f"# HELP {PREFIX}_{name} {text}"
            yield f"# TYPE {PREFIX}_{name} histogram"
            totals = list(accumulate(histogram.buckets))
            for bound, number in zip((*map("{:g}".format, _BUCKETS), "+Inf"), totals):
                yield f'{PREFIX}_{name}_bucket{{le="{bound}"}} {number}'
            yield f"{PREFIX}_{name}_sum {histogram.sum:.6f}"
            yield f"{PREFIX}_{name}_count {totals[-1]}"

    def _gauge_lines(self) -> Iterator[str]:
        for name, value in self._gauges.items():
            yield f"# HELP {PREFIX}_{name} {_GAUGES[name]}"
            yield f"# TYPE {PREFIX}_{name} gauge"
            yield f"{PREFIX}_{name} {value:.0f}"


def _labelled(labels: tuple[tuple[str, str], ...]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
