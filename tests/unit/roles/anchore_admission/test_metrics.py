# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Prometheus reads."""

from __future__ import annotations

from bulkhead_admission.metrics import Metrics


def test_counters_histograms_and_gauges_are_written_as_prometheus_reads_them() -> None:
    metrics = Metrics()
    metrics.count("reviews", endpoint="validate", allowed="true", why='a"b\n')
    metrics.observe("review_seconds", 0.003)
    metrics.observe("review_seconds", 99.0)
    metrics.gauge("certificate_expiry_timestamp_seconds", 1.9e9)
    lines = metrics.text().splitlines()
    assert 'bulkhead_admission_reviews_total{endpoint="validate",allowed="true",why="a\\"b\\n"} 1' in lines
    assert 'bulkhead_admission_review_seconds_bucket{le="0.0025"} 0' in lines
    assert 'bulkhead_admission_review_seconds_bucket{le="0.005"} 1' in lines
    assert 'bulkhead_admission_review_seconds_bucket{le="+Inf"} 2' in lines
    assert "bulkhead_admission_review_seconds_count 2" in lines
    assert "bulkhead_admission_certificate_expiry_timestamp_seconds 1900000000" in lines
    assert metrics.total("reviews", endpoint="validate") == 1
