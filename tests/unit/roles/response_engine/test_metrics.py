# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What /metrics answers."""

from __future__ import annotations

from bulkhead_response.metrics import Metrics


def test_the_text_is_that_of_prometheus() -> None:
    metrics = Metrics()
    metrics.count("decisions", status="acted")
    metrics.count("decisions", status="acted")
    metrics.count("steps", step='a "quoted"\\ one\n', status="done")
    metrics.observe(0.02)
    metrics.observe(100)
    metrics.gauge("in_flight", 3)
    lines = metrics.text().splitlines()
    assert 'bulkhead_response_decisions_total{status="acted"} 2' in lines
    assert 'bulkhead_response_steps_total{status="done",step="a \\"quoted\\"\\\\ one\\n"} 1' in lines
    assert 'bulkhead_response_response_seconds_bucket{le="0.025"} 1' in lines
    assert 'bulkhead_response_response_seconds_bucket{le="+Inf"} 2' in lines
    assert "bulkhead_response_response_seconds_count 2" in lines
    assert "bulkhead_response_in_flight 3" in lines
    assert metrics.total("decisions") == 2
    assert all(line.startswith(("#", "bulkhead_response_")) for line in lines)
