# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be collected where: a target's Python 3.9 has no CEL, for its google-re2 is not built for that.

And how long Hypothesis may take: as long as the machine needs, for no test is about seconds.
"""

from __future__ import annotations

from importlib.util import find_spec

from hypothesis import HealthCheck, settings

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# Admission policies are made on a target and evaluated by API servers; that they mean what they should is no question
# of the Python version, and the other environments answer it.
_WITH_CEL = (
    "plugins/module_utils/k8s/pod_security/test_policies.py",
    "plugins/module_utils/k8s/pod_security/test_standard_cel.py",
    "plugins/module_utils/k8s/pod_security_policy/test_rules.py",
    "plugins/module_utils/k8s/pod_security_policy/test_translation_property.py",
)
collect_ignore = [] if find_spec("celpy") else list(_WITH_CEL)
