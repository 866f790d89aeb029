# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of the text format of Prometheus."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.collect.prometheus import samples


def test_samples_have_names_labels_and_numbers() -> None:
    text = '# HELP a b\n# TYPE a counter\na_total 3\nb{x="1",y="a \\"b\\" \\\\ c"} 1e3 1700000000\n\nc{} NaN\n'
    first, second, third = samples(text)
    assert first == ("a_total", {}, 3.0)
    assert second == ("b", {"x": "1", "y": 'a "b" \\ c'}, 1000.0)
    assert third.name == "c"


def test_what_is_no_sample_is_passed_over() -> None:
    assert list(samples('<html>\na\na b\n{x="1"} 3\n  # a 1\n')) == []
