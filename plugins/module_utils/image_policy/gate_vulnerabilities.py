# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate `vulnerabilities`: what is known against the packages of the image, and how old that knowledge is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import Rule
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.gate import (
    CannotJudgeError,
    Match,
    Trigger,
    compared,
    is_true,
    listed,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.specification import SEVERITIES
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.facts import (
    ImageFacts,
    KnownVulnerability,
)

OS_TYPES = ("deb", "rpm", "apk", "dpkg", "alpm", "portage", "linux-kernel", "linux-kernel-module")
_SCORE = "cvss_v3_base_score"
# What Grype does not tell, and so cannot be asked for.
_UNKNOWN = (
    *("cvss_v3_exploitability_score", "cvss_v3_impact_score", "vendor_cvss_v3_base_score"),
    *("vendor_cvss_v3_exploitability_score", "vendor_cvss_v3_impact_score"),
    *("max_days_since_creation", "max_days_since_fix"),
)


def package(rule: Rule, facts: ImageFacts) -> Iterator[Match]:
    """A package has a vulnerability of a severity, a score, with or without a fix."""
    missing = [name for name in _UNKNOWN if rule.value(name)]
    if missing:
        raise CannotJudgeError(f"{missing[0]} is not told by the scanner")
    for found in _known(facts):
        if _selected(rule, found):
            fixed = f"fixed in {', '.join(found.fixed_in)}" if found.fixed_in else "without a fix"
            message = f"{found.severity.upper()} {found.id} in {found.package} {found.version}, {fixed}"
            yield Match(f"{found.id}+{found.package}", f"{message} {found.url}".rstrip())


def _selected(rule: Rule, found: KnownVulnerability) -> bool:
    kind, path = rule.value("package_type") or "all", rule.value("package_path_exclude")
    if kind != "all" and (kind == "os") != (found.type in OS_TYPES):
        return False
    if path and found.path and re.match(path, found.path):
        return False
    fixable = rule.value("fix_available")
    if fixable and is_true(rule, "fix_available") != bool(found.fixed_in):
        return False
    return _severe(rule, found) and _scored(rule, found)


def _severe(rule: Rule, found: KnownVulnerability) -> bool:
    wanted = rule.value("severity")
    if not wanted:
        return True
    ranks = {name: rank for rank, name in enumerate(SEVERITIES)}
    operator = rule.value("severity_comparison") or "="
    return compared(ranks.get(found.severity, 0), operator, ranks.get(wanted.lower(), 0))


def _scored(rule: Rule, found: KnownVulnerability) -> bool:
    wanted = rule.value(_SCORE)
    if not wanted:
        return True
    return found.cvss is not None and compared(found.cvss, rule.value(f"{_SCORE}_comparison") or "=", float(wanted))


def stale_feed_data(rule: Rule, facts: ImageFacts) -> Iterator[Match]:
    """The vulnerability database is too old."""
    limit = int(rule.value("max_days_since_sync") or 0)
    if not facts.database_built:
        raise CannotJudgeError("The scanner does not say how old its vulnerability database is")
    age = _age_days(facts.database_built)
    if age > limit:
        yield Match("stale_feed_data", f"The vulnerability database is {age:.0f} days old, and may be {limit}")


def _age_days(built: str) -> float:
    text = re.sub(r"(\.\d{6})\d+", r"\1", built.replace("Z", "+00:00"))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise CannotJudgeError(f"The age of the vulnerability database cannot be read: {built[:40]}") from exc
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return (datetime.now(timezone.utc) - moment).total_seconds() / 86400


def vulnerability_data_unavailable(_rule: Rule, facts: ImageFacts) -> Iterator[Match]:
    """Nobody could look."""
    if facts.vulnerabilities is None:
        yield Match("vulnerability_data_unavailable", "Its vulnerabilities are not known: no scanner has looked")


def blacklist(rule: Rule, facts: ImageFacts) -> Iterator[Match]:
    """It has one of these vulnerabilities."""
    wanted = {name.upper() for name in listed(rule, "vulnerability_ids")}
    for found in _known(facts):
        if wanted & {found.id.upper(), *(alias.upper() for alias in found.aliases)}:
            yield Match(found.id, f"{found.id} in {found.package} {found.version} is on the deny list")


def _known(facts: ImageFacts) -> tuple[KnownVulnerability, ...]:
    if facts.vulnerabilities is None:
        raise CannotJudgeError("Its vulnerabilities are not known: no scanner has looked")
    return facts.vulnerabilities


TRIGGERS: dict[str, Trigger] = {
    "package": package,
    "stale_feed_data": stale_feed_data,
    "vulnerability_data_unavailable": vulnerability_data_unavailable,
    "blacklist": blacklist,
}
