# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images judged by bundles: every gate in both directions, mappings, lists, excuses, and what cannot be judged."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.evaluate import evaluate
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.parse import bundle_from
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.evaluation import (
    NOT_JUDGED,
    Evaluation,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.facts import (
    CvssScores,
    ImageFacts,
    KnownVulnerability,
    Package,
)

DIGEST, ID = "sha256:" + "1" * 64, "2" * 64
LIBRARY = Path(__file__).parents[5] / "roles" / "anchore" / "files" / "policies"


def known(**fields: Any) -> KnownVulnerability:
    given = {"id": "CVE-2024-1", "severity": "high", "package": "openssl", "version": "3.0", "type": "deb", **fields}
    return KnownVulnerability(**given)


FACTS = ImageFacts(
    reference="registry.example.com/shop/web:1.4",
    digest=DIGEST,
    image_id=f"sha256:{ID}",
    user="app",
    exposed_ports=("8080/tcp",),
    lines=("FROM debian:12", "ENV PATH /bin", "USER app", "HEALTHCHECK CMD true"),
    dockerfile_given=True,
    size=50_000_000,
    layers=3,
    architecture="amd64",
    os="linux",
    distro="debian",
    distro_version="12",
    packages=(Package("openssl", "3.0", "deb", ("Apache-2.0",)), Package("left-pad", "1.0", "npm", ("WTFPL",))),
    vulnerabilities=(),
    database_built=datetime.now(timezone.utc).isoformat(),
)


def bundle(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    mapping = {
        "name": "all",
        "registry": "*",
        "repository": "*",
        "image": {"type": "tag", "value": "*"},
        "policy_ids": ["p"],
        "whitelist_ids": [each["id"] for each in more.get("whitelists", ())],
    }
    policy = {"id": "p", "version": "1_0", "rules": list(rules)}
    return {"id": "b", "version": "1_0", "policies": [policy], "mappings": [mapping], **more}


def rule(gate: str, trigger: str, action: str = "STOP", **params: str) -> dict[str, Any]:
    rows = [{"name": name, "value": value} for name, value in params.items()]
    return {"gate": gate, "trigger": trigger, "action": action, "params": rows}


def judge(facts: ImageFacts, *rules: dict[str, Any], **more: Any) -> Evaluation:
    return evaluate(bundle_from(bundle(*rules, **more)), facts)


FIXABLE = known(fixed_in=("3.1",))
INSTRUCTION = ("dockerfile", "instruction")
CASES: list[tuple[str, dict[str, Any], ImageFacts, ImageFacts]] = [
    ("root", rule("dockerfile", "effective_user", users="root,0", type="blacklist"), replace(FACTS, user=""), FACTS),
    ("user", rule("dockerfile", "effective_user", users="app", type="whitelist"), replace(FACTS, user="0"), FACTS),
    (
        "port",
        rule("dockerfile", "exposed_ports", ports="22,80", type="blacklist"),
        replace(FACTS, exposed_ports=("22/tcp",)),
        FACTS,
    ),
    (
        "other port",
        rule("dockerfile", "exposed_ports", ports="443", type="whitelist"),
        FACTS,
        replace(FACTS, exposed_ports=("443/tcp",)),
    ),
    (
        "from latest",
        rule(*INSTRUCTION, instruction="FROM", check="like", value=".*:latest"),
        replace(FACTS, lines=("FROM debian:latest",)),
        FACTS,
    ),
    (
        "no healthcheck",
        rule(*INSTRUCTION, instruction="HEALTHCHECK", check="not_exists"),
        replace(FACTS, lines=("FROM debian:12",)),
        FACTS,
    ),
    (
        "add",
        rule(*INSTRUCTION, instruction="ADD", check="exists"),
        replace(FACTS, lines=("FROM debian:12", "ADD x /")),
        FACTS,
    ),
    (
        "workdir",
        rule(*INSTRUCTION, instruction="WORKDIR", check="not_in", value="/a,/b"),
        replace(FACTS, lines=("WORKDIR /c",)),
        replace(FACTS, lines=("WORKDIR /a",)),
    ),
    ("dockerfile", rule("dockerfile", "no_dockerfile_provided"), replace(FACTS, dockerfile_given=False), FACTS),
    (
        "severity",
        rule("vulnerabilities", "package", package_type="all", severity_comparison=">=", severity="high"),
        replace(FACTS, vulnerabilities=(known(severity="critical"),)),
        replace(FACTS, vulnerabilities=(known(severity="medium"),)),
    ),
    (
        "fixable",
        rule("vulnerabilities", "package", package_type="all", fix_available="true"),
        replace(FACTS, vulnerabilities=(FIXABLE,)),
        replace(FACTS, vulnerabilities=(known(),)),
    ),
    (
        "os package",
        rule("vulnerabilities", "package", package_type="os"),
        replace(FACTS, vulnerabilities=(FIXABLE,)),
        replace(FACTS, vulnerabilities=(known(type="npm"),)),
    ),
    (
        "score",
        rule(
            "vulnerabilities", "package", package_type="all", cvss_v3_base_score="9", cvss_v3_base_score_comparison=">="
        ),
        replace(FACTS, vulnerabilities=(known(nvd=CvssScores(9.8)),)),
        replace(FACTS, vulnerabilities=(known(), known(nvd=CvssScores(8.9), vendor=CvssScores(9.9)))),
    ),
    (
        "score without a comparison",
        rule("vulnerabilities", "package", package_type="all", cvss_v3_base_score="7"),
        replace(FACTS, vulnerabilities=(known(nvd=CvssScores(9.8)),)),
        replace(FACTS, vulnerabilities=(known(nvd=CvssScores(6.9)),)),
    ),
    (
        "low score, or none",
        rule(
            "vulnerabilities", "package", package_type="all", cvss_v3_base_score="4", cvss_v3_base_score_comparison="<"
        ),
        replace(FACTS, vulnerabilities=(known(),)),
        replace(FACTS, vulnerabilities=(known(nvd=CvssScores(4.0)),)),
    ),
    (
        "score of the vendor",
        rule("vulnerabilities", "package", package_type="all", vendor_cvss_v3_base_score="7"),
        replace(FACTS, vulnerabilities=(known(vendor=CvssScores(7.0)),)),
        replace(FACTS, vulnerabilities=(known(nvd=CvssScores(9.8)),)),
    ),
    (
        "impact",
        rule("vulnerabilities", "package", package_type="all", cvss_v3_impact_score="5"),
        replace(FACTS, vulnerabilities=(known(nvd=CvssScores(9.8, 3.9, 5.9)),)),
        replace(FACTS, vulnerabilities=(known(nvd=CvssScores(9.8, 3.9, 3.6)), known())),
    ),
    (
        "path",
        rule("vulnerabilities", "package", package_type="all", package_path_exclude="/opt/.*"),
        replace(FACTS, vulnerabilities=(known(path="/srv/x", type="npm"),)),
        replace(FACTS, vulnerabilities=(known(path="/opt/x", type="npm"),)),
    ),
    (
        "path of a package of the distribution",
        rule("vulnerabilities", "package", package_type="all", package_path_exclude="/opt/.*"),
        replace(FACTS, vulnerabilities=(known(path="/opt/x"),)),
        FACTS,
    ),
    (
        "severity without a comparison",
        rule("vulnerabilities", "package", package_type="all", severity="medium"),
        replace(FACTS, vulnerabilities=(known(severity="critical"),)),
        replace(FACTS, vulnerabilities=(known(severity="medium"),)),
    ),
    (
        "any severity that is known",
        rule("vulnerabilities", "package", package_type="all"),
        replace(FACTS, vulnerabilities=(known(severity="negligible"),)),
        replace(FACTS, vulnerabilities=(known(severity="unknown"),)),
    ),
    (
        "what the vendor will not fix",
        rule("vulnerabilities", "package", package_type="all", vendor_only="false"),
        replace(FACTS, vulnerabilities=(known(will_not_fix=True),)),
        FACTS,
    ),
    (
        "what the vendor will fix",
        rule("vulnerabilities", "package", package_type="all"),
        replace(FACTS, vulnerabilities=(known(),)),
        replace(FACTS, vulnerabilities=(known(will_not_fix=True),)),
    ),
    (
        "old fix",
        rule("vulnerabilities", "package", package_type="all", fix_available="true", max_days_since_fix="7"),
        replace(FACTS, vulnerabilities=(replace(FIXABLE, fixed_at="2024-01-01"),)),
        replace(FACTS, vulnerabilities=(replace(FIXABLE, fixed_at=datetime.now(timezone.utc).isoformat()),)),
    ),
    (
        "fix of unknown age",
        rule("vulnerabilities", "package", package_type="all", fix_available="true", max_days_since_fix="7"),
        replace(FACTS, vulnerabilities=(FIXABLE,)),
        FACTS,
    ),
    (
        "unknown distribution",
        rule("vulnerabilities", "vulnerability_data_unavailable"),
        replace(FACTS, distro="plan9", like_distro=("unix",)),
        replace(FACTS, distro="plan9", like_distro=("debian",)),
    ),
    (
        "root by another name",
        rule("dockerfile", "effective_user", users="root,0", type="blacklist"),
        replace(FACTS, user="0:1000"),
        replace(FACTS, user="1000:0"),
    ),
    (
        "user of a Dockerfile alone",
        rule("dockerfile", "effective_user", users="root", type="blacklist"),
        replace(FACTS, user=None, lines=("FROM a", "USER app", "USER root")),
        replace(FACTS, user=None, lines=("FROM a", "USER root", "USER app")),
    ),
    (
        "port of a Dockerfile alone",
        rule("dockerfile", "exposed_ports", ports="22", type="blacklist"),
        replace(FACTS, exposed_ports=None, lines=("FROM a", "EXPOSE 80 22/tcp")),
        replace(FACTS, exposed_ports=None, lines=("FROM a", "EXPOSE 80")),
    ),
    (
        "denied vulnerability",
        rule("vulnerabilities", "blacklist", vulnerability_ids="CVE-2024-9, cve-2024-1"),
        replace(FACTS, vulnerabilities=(known(id="GHSA-1", aliases=("CVE-2024-1",)),)),
        replace(FACTS, vulnerabilities=(known(id="GHSA-1"),)),
    ),
    (
        "old database",
        rule("vulnerabilities", "stale_feed_data", max_days_since_sync="2"),
        replace(FACTS, database_built=(datetime.now(timezone.utc) - timedelta(days=3)).isoformat()),
        replace(FACTS, database_built=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.123456789Z")),
    ),
    (
        "nobody looked",
        rule("vulnerabilities", "vulnerability_data_unavailable"),
        replace(FACTS, vulnerabilities=None),
        FACTS,
    ),
    (
        "required",
        rule("packages", "required_package", name="bash"),
        FACTS,
        replace(FACTS, packages=(Package("bash", "5", "deb"),)),
    ),
    ("denied", rule("packages", "blacklist", name="openssl", version="3.0"), FACTS, replace(FACTS, packages=())),
    (
        "npm",
        rule("npms", "blacklisted_name_version", name="left-pad"),
        FACTS,
        replace(FACTS, packages=(Package("left-pad", "1.0", "gem"),)),
    ),
    (
        "gem",
        rule("ruby_gems", "blacklist", name="rails"),
        replace(FACTS, packages=(Package("rails", "1", "gem"),)),
        FACTS,
    ),
    ("license", rule("licenses", "blacklist_exact_match", licenses="GPL, wtfpl"), FACTS, replace(FACTS, packages=())),
    (
        "license word",
        rule("licenses", "blacklist_partial_match", licenses="apache"),
        FACTS,
        replace(FACTS, packages=()),
    ),
    ("size", rule("metadata", "attribute", attribute="size", check=">", value="10MB"), FACTS, replace(FACTS, size=9)),
    (
        "distro",
        rule("metadata", "attribute", attribute="distro", check="not_in", value="alpine,rhel"),
        FACTS,
        replace(FACTS, distro="alpine"),
    ),
    (
        "no distro",
        rule("metadata", "attribute", attribute="distro", check="not_exists"),
        replace(FACTS, distro=""),
        FACTS,
    ),
]


@pytest.mark.parametrize(("row", "bad", "good"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_each_trigger_in_both_directions(row: dict[str, Any], bad: ImageFacts, good: ImageFacts) -> None:
    refused = judge(bad, row)
    assert refused.action == "stop"
    assert [(reason.gate, reason.trigger) for reason in refused.reasons] == [(row["gate"], row["trigger"])]
    assert refused.reasons[0].trigger_id not in ("", NOT_JUDGED)
    passed = judge(good, row)
    assert (passed.action, passed.reasons) == ("go", ())


@pytest.mark.parametrize(
    ("row", "facts"),
    [
        (rule("secret_scans", "content_regex_checks"), FACTS),
        (rule("files", "suid_or_guid_set"), FACTS),
        (rule("malware", "scans"), FACTS),
        (rule("passwd_file", "blacklist_usernames", user_names="x"), FACTS),
        (rule("packages", "verify"), FACTS),
        (rule("vulnerabilities", "package", package_type="all"), replace(FACTS, vulnerabilities=None)),
        (
            rule("vulnerabilities", "package", package_type="all", max_days_since_creation="3"),
            replace(FACTS, vulnerabilities=(known(),)),
        ),
        (
            rule("vulnerabilities", "package", package_type="all", cvss_v3_impact_score="3"),
            replace(FACTS, vulnerabilities=(known(nvd=CvssScores(9.8)),)),
        ),
        (
            rule("dockerfile", "effective_user", users="root", type="blacklist"),
            replace(FACTS, user=None, dockerfile_given=False),
        ),
        (
            rule("dockerfile", "exposed_ports", ports="22", type="blacklist"),
            replace(FACTS, exposed_ports=None, dockerfile_given=False),
        ),
        (rule("packages", "required_package", name="openssl", version="2", version_match_type="minimum"), FACTS),
        (rule("packages", "blacklist", name="x"), replace(FACTS, packages=None)),
        (rule(*INSTRUCTION, instruction="FROM", check="exists"), replace(FACTS, dockerfile_given=False)),
        (rule(*INSTRUCTION, instruction="ADD", check="exists"), replace(FACTS, lines=())),
        (rule("vulnerabilities", "stale_feed_data", max_days_since_sync="2"), replace(FACTS, database_built="")),
        (rule("metadata", "attribute", attribute="size", check=">", value="1MB"), replace(FACTS, size=None)),
    ],
)
def test_what_cannot_be_judged_is_never_a_pass_in_silence(row: dict[str, Any], facts: ImageFacts) -> None:
    result = judge(facts, row)
    assert result.action == "warn"
    assert [reason.trigger_id for reason in result.reasons] == [NOT_JUDGED]
    assert "could not be judged" in result.reasons[0].message
    assert evaluate(bundle_from(bundle(row)), facts, unjudged="stop").action == "stop"


def test_what_can_be_judged_is_judged_beside_what_cannot() -> None:
    row = rule("vulnerabilities", "package", package_type="all", cvss_v3_impact_score="3")
    doubtful, certain = known(nvd=CvssScores(9.8)), known(id="CVE-2024-2", nvd=CvssScores(9.8, 3.9, 5.9))
    result = judge(replace(FACTS, vulnerabilities=(doubtful, certain)), row)
    assert [(reason.trigger_id, reason.action) for reason in result.reasons] == [
        ("CVE-2024-2+openssl", "stop"),
        (NOT_JUDGED, "warn"),
    ]


@pytest.mark.parametrize(
    ("fields", "trigger_id"),
    [
        ({}, "CVE-2024-1+openssl"),
        ({"type": "python", "package": "requests", "version": "2.0"}, "CVE-2024-1+requests-2.0"),
        ({"type": "java-archive", "path": "/srv/app/log4j-core-2.14.jar"}, "CVE-2024-1+log4j-core-2.14.jar"),
        ({"type": "npm", "path": "/srv/node_modules/left-pad/package.json"}, "CVE-2024-1+left-pad"),
        ({"type": "npm", "package": "left-pad", "version": "1.0"}, "CVE-2024-1+left-pad-1.0"),
        ({"id": "GHSA-1", "aliases": ("CVE-2024-7",)}, "CVE-2024-7+openssl"),
        ({"id": "GHSA-1", "aliases": ("CVE-2024-7", "CVE-2024-8")}, "GHSA-1+openssl"),
    ],
)
def test_whitelists_of_the_engine_excuse_the_same_here(fields: dict[str, Any], trigger_id: str) -> None:
    facts = replace(FACTS, vulnerabilities=(known(**fields),))
    result = judge(facts, rule("vulnerabilities", "package", package_type="all"))
    assert [reason.trigger_id for reason in result.reasons] == [trigger_id]


def test_an_official_image_goes_by_either_name() -> None:
    facts = replace(FACTS, reference="nginx:1.27")
    for repository in ("nginx", "library/nginx"):
        selected = selection("docker.io", repository)
        assert judge(facts, blacklisted_images=[selected]).why == "blacklisted"
    elsewhere = replace(FACTS, reference="registry.example.com/library/nginx:1.27")
    assert judge(elsewhere, blacklisted_images=[selection(repository="nginx")]).action == "go"


def test_the_reasons_of_a_listed_image_are_told_nevertheless() -> None:
    denied = judge(FACTS, rule("always", "always", "WARN"), blacklisted_images=[selection()])
    assert [reason.trigger for reason in denied.reasons] == ["blacklisted", "always"]
    allowed = judge(FACTS, rule("always", "always"), whitelisted_images=[selection()])
    assert (allowed.action, [reason.action for reason in allowed.reasons]) == ("go", ["stop"])


def test_the_strictest_action_is_the_verdict() -> None:
    always = [rule("always", "always", action) for action in ("GO", "WARN", "GO")]
    assert judge(FACTS, *always).action == "warn"
    assert judge(FACTS, *always, rule("always", "always")).action == "stop"
    assert judge(FACTS).action == "go"


def selection(registry: str = "*", repository: str = "*", kind: str = "tag", value: str = "*") -> dict[str, Any]:
    return {"name": "x", "registry": registry, "repository": repository, "image": {"type": kind, "value": value}}


@pytest.mark.parametrize(
    ("selected", "fits"),
    [
        (selection("registry.example.com", "shop/*", value="1.*"), True),
        (selection("docker.io"), False),
        (selection(repository="shop"), False),
        (selection(value="regexp:^1\\.[0-9]$"), True),
        (selection(value="2"), False),
        (selection(kind="digest", value=DIGEST), True),
        (selection(kind="digest", value="sha256:" + "3" * 64), False),
        (selection(kind="id", value=ID), True),
        (selection(kind="id", value="3" * 64), False),
    ],
)
def test_lists_and_mappings_select_images(selected: dict[str, Any], fits: bool) -> None:
    refuse, admit = rule("always", "always"), rule("always", "always", "GO")
    denied = judge(FACTS, admit, blacklisted_images=[selected])
    assert (denied.action, denied.why) == (("stop", "blacklisted") if fits else ("go", "policy_evaluation"))
    allowed = judge(FACTS, refuse, whitelisted_images=[selected])
    assert (allowed.action, allowed.why) == (("go", "whitelisted") if fits else ("stop", "policy_evaluation"))
    assert judge(FACTS, admit, whitelisted_images=[selected], blacklisted_images=[selection()]).action == "stop"


def test_the_first_mapping_decides_and_without_one_nothing_passes() -> None:
    document = bundle(rule("always", "always"))
    first = {**document["mappings"][0], "registry": "registry.example.com", "policy_ids": []}
    assert evaluate(bundle_from({**document, "mappings": [first, *document["mappings"]]}), FACTS).action == "go"
    nowhere = {**first, "registry": "elsewhere.example.com"}
    unmapped = evaluate(bundle_from({**document, "mappings": [nowhere]}), FACTS)
    assert unmapped.action == "stop"
    assert "No mapping" in unmapped.reasons[0].message


@pytest.mark.parametrize(
    ("item", "excused"),
    [
        ({"trigger_id": "CVE-2024-1+openssl"}, True),
        ({"trigger_id": "CVE-2024-1+*"}, True),
        ({"trigger_id": "CVE-2024-2+openssl"}, False),
        ({"trigger_id": "*", "gate": "dockerfile"}, False),
        ({"trigger_id": "*", "expires_on": "2999-01-01T00:00:00Z"}, True),
        ({"trigger_id": "*", "expires_on": "2020-01-01T00:00:00Z"}, False),
    ],
)
def test_a_whitelist_excuses_until_it_ends(item: dict[str, Any], excused: bool) -> None:
    whitelist = {
        "id": "w",
        "name": "for now",
        "version": "1_0",
        "items": [{"gate": "vulnerabilities", "id": "i", **item}],
    }
    result = judge(
        replace(FACTS, vulnerabilities=(known(),)),
        rule("vulnerabilities", "package", package_type="all"),
        whitelists=[whitelist],
    )
    assert result.action == ("go" if excused else "stop")
    assert result.reasons[0].allowlisted == ("for now" if excused else "")


@pytest.mark.parametrize(
    "line", ["ENV DB_PASSWORD=hunter2", "ARG password hunter2", "RUN curl -u app:hunter2 http://password.example.com"]
)
def test_a_secret_in_an_instruction_is_not_told(line: str) -> None:
    facts = replace(FACTS, lines=(line,))
    result = judge(facts, rule(*INSTRUCTION, instruction=line.split()[0], check="like", value="(?i).*password.*"))
    assert result.action == "stop"
    assert "hunter2" not in str(result)


@pytest.mark.parametrize("name", ["workshop", "baseline", "strict"])
def test_the_library_refuses_the_bad_image_and_not_the_good_one(name: str) -> None:
    library = bundle_from(json.loads((LIBRARY / f"{name}.json").read_text()))
    bad = replace(
        FACTS, user="root", exposed_ports=("22/tcp",), vulnerabilities=(replace(FIXABLE, severity="critical"),)
    )
    assert evaluate(library, bad).action == "stop"
    good = evaluate(library, FACTS)
    stopped = [reason for reason in good.reasons if reason.action == "stop"]
    assert not stopped
