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
    CvssScores,
    ImageFacts,
    KnownVulnerability,
)

OS_TYPES = ("deb", "rpm", "apk", "dpkg", "alpm", "portage", "linux-kernel", "linux-kernel-module", "msrc-kb")
DISTRIBUTIONS = (
    *("almalinux", "alpine", "amzn", "arch", "azurelinux", "centos", "chainguard", "clnstrt", "debian", "echo"),
    *("fedora", "gentoo", "mariner", "minimos", "ol", "opensuse-leap", "photon", "postmarketos", "raspbian", "rhel"),
    *("rocky", "scientific", "secureos", "sles", "ubuntu", "windows", "wolfi"),
)
"""Whose packages Grype can judge, by the ID of their os-release. Source: Grype 0.9x, `grype/distro`."""
_NOT_SCORED = -1.0


def package(rule: Rule, facts: ImageFacts) -> Iterator[Match]:
    """A package has a vulnerability of a severity, a score, with or without a fix."""
    doubt: CannotJudgeError | None = None
    for found in _known(facts):
        try:
            if _selected(rule, found):
                yield _match(found)
        except CannotJudgeError as exc:
            doubt = doubt or exc  # the others are judged nevertheless
    if doubt:
        raise doubt


def _match(found: KnownVulnerability) -> Match:
    fixed = f"fixed in {', '.join(found.fixed_in)}" if found.fixed_in else "without a fix"
    message = f"{found.severity.upper()} {found.id} in {found.package} {found.version}, {fixed}"
    return Match(trigger_id(found), f"{message} {found.url}".rstrip())


def trigger_id(found: KnownVulnerability) -> str:
    """As the engine builds it, so that its whitelists excuse the same: by the CVE where there is one, and the package.

    Packages of languages go by their file (Java, gems), their folder (npm) or by name and version.
    """
    cves = [alias for alias in found.aliases if alias.startswith("CVE-")]
    name = cves[0] if found.id.startswith("GHSA-") and len(cves) == 1 else found.id
    return f"{name}+{found.package if found.type in OS_TYPES else _place(found)}"


def _place(found: KnownVulnerability) -> str:
    parts = found.path.split("/")
    if found.type in ("java-archive", "jenkins-plugin", "gem") and parts[-1]:
        return parts[-1]
    if found.type == "npm" and len(parts) > 1 and parts[-2]:
        return parts[-2]
    return f"{found.package}-{found.version}"


def _selected(rule: Rule, found: KnownVulnerability) -> bool:
    kind, path, is_os = rule.value("package_type") or "all", rule.value("package_path_exclude"), found.type in OS_TYPES
    if kind != "all" and (kind == "os") != is_os:
        return False
    if path and found.path and not is_os and re.match(path, found.path):
        return False
    if found.will_not_fix and _vendor_only(rule):
        return False
    fixable = rule.value("fix_available")
    if fixable and is_true(rule, "fix_available") != bool(found.fixed_in):
        return False
    if not _severe(rule, found) or not _scored(rule, found) or _fixed_lately(rule, found):
        return False
    _need_no_history(rule, found)
    return True


def _vendor_only(rule: Rule) -> bool:
    """The engine leaves out what the vendor will not fix, unless it is told to look at it."""
    return is_true(rule, "vendor_only") or not rule.value("vendor_only")


def _severe(rule: Rule, found: KnownVulnerability) -> bool:
    # The defaults of the engine: anything above "unknown".
    wanted, operator = rule.value("severity") or SEVERITIES[0], rule.value("severity_comparison") or ">"
    ranks = {name: rank for rank, name in enumerate(SEVERITIES)}
    return compared(ranks.get(found.severity, 0), operator, ranks.get(wanted.lower(), 0))


def _scored(rule: Rule, found: KnownVulnerability) -> bool:
    return all(
        _score_fits(rule, f"{prefix}cvss_v3_{kind}_score", scores, kind)
        for prefix, scores in (("", found.nvd), ("vendor_", found.vendor))
        for kind in ("base", "exploitability", "impact")
    )


def _score_fits(rule: Rule, name: str, scores: CvssScores, kind: str) -> bool:
    wanted = rule.value(name)
    if not wanted:
        return True
    score: float | None = getattr(scores, kind)
    if score is None and scores.base is not None:
        raise CannotJudgeError(f"The scanner tells the base score, and not the {name}")
    actual = _NOT_SCORED if score is None else score
    return compared(actual, rule.value(f"{name}_comparison") or ">=", float(wanted))


def _fixed_lately(rule: Rule, found: KnownVulnerability) -> bool:
    """Whether there is still time to bring the fix in. Without a date of the fix there is none, as in the engine."""
    days = rule.value("max_days_since_fix")
    if not days or not is_true(rule, "fix_available") or not found.fixed_at:
        return False
    return _age_days(found.fixed_at, "fix") < int(days)


def _need_no_history(rule: Rule, found: KnownVulnerability) -> None:
    """The engine remembers when it saw a vulnerability in an image first; a single scan does not."""
    if rule.value("max_days_since_creation"):
        raise CannotJudgeError(f"Since when {found.id} is known in it is told by no scan (max_days_since_creation)")


def stale_feed_data(rule: Rule, facts: ImageFacts) -> Iterator[Match]:
    """The vulnerability database is too old."""
    limit = int(rule.value("max_days_since_sync") or 0)
    if not facts.database_built:
        raise CannotJudgeError("The scanner does not say how old its vulnerability database is")
    age = _age_days(facts.database_built, "vulnerability database")
    if age > limit:
        yield Match("stale_feed_data", f"The vulnerability database is {age:.0f} days old, and may be {limit}")


def _age_days(told: str, what: str) -> float:
    # Python 3.9 reads neither nanoseconds nor Z.
    text = re.sub(r"(\.\d{6})\d+", r"\1", told.replace("Z", "+00:00"))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise CannotJudgeError(f"The age of the {what} cannot be read: {told[:40]}") from exc
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return (datetime.now(timezone.utc) - moment).total_seconds() / 86400


def vulnerability_data_unavailable(_rule: Rule, facts: ImageFacts) -> Iterator[Match]:
    """Nobody could look, or the packages are of a distribution that no data is about."""
    if facts.vulnerabilities is None:
        yield Match("vulnerability_data_unavailable", "Its vulnerabilities are not known: no scanner has looked")
    elif not {facts.distro.lower(), *(name.lower() for name in facts.like_distro)} & set(DISTRIBUTIONS):
        message = f"No data is about packages of its distribution ({facts.distro or 'none is known'})"
        yield Match("vulnerability_data_unavailable", message)


def blacklist(rule: Rule, facts: ImageFacts) -> Iterator[Match]:
    """It has one of these vulnerabilities."""
    wanted = {name.upper() for name in listed(rule, "vulnerability_ids")}
    for found in _known(facts):
        if found.will_not_fix and _vendor_only(rule):
            continue
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
