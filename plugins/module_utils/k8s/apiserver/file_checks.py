# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that the API server reads, checked before it is restarted with them: it does not start with a wrong one.

Each flag that names such a file has a check here, or none, where the API server alone can tell. Shapes are those of
audit.k8s.io and apiserver.config.k8s.io.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flag_table import Release
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

_LEVELS = ("None", "Metadata", "Request", "RequestResponse")
_STAGES = ("RequestReceived", "ResponseStarted", "ResponseComplete", "Panic")
_RULE_LISTS = ("users", "userGroups", "verbs", "namespaces", "nonResourceURLs", "omitStages")
_RULE_KEYS = ("level", "resources", "omitManagedFields", *_RULE_LISTS)
_GROUP_KEYS = ("group", "resources", "resourceNames")
_OMIT_MANAGED_FIELDS = (1, 23)

Check = Callable[[Mapping[str, Any], str, Release], None]


class FileProblem(K8sError):
    """A file that the API server would not start with; the message says which member is wrong."""


def check_file(flag: str, data: Mapping[str, Any], path: str, release: Release) -> None:
    """Raise FileProblem where a server of this release would refuse the file that the flag names."""
    check = _CHECKS.get(flag)
    if check is not None:
        check(data, path, release)


def _expect_kind(data: Mapping[str, Any], path: str, group: str, kind: str, versions: tuple[str, ...]) -> None:
    names = [f"{group}/{version}" for version in versions]
    if data.get("kind") != kind or data.get("apiVersion") not in names:
        raise FileProblem(
            f"{path} must be a {kind} of {' or '.join(names)}, "
            f"and is {data.get('kind') or 'of no kind'} of {data.get('apiVersion') or 'no apiVersion'}"
        )


def _expect_keys(data: Any, allowed: tuple[str, ...], where: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise FileProblem(f"{where} is not a dict")
    for key in data:
        if key not in allowed:
            raise FileProblem(f"{where} has no member {key}; there are {', '.join(allowed)}")
    return data


def _expect_texts(value: Any, where: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise FileProblem(f"{where} is not a list of texts")
    return value


def _audit_policy(data: Mapping[str, Any], path: str, release: Release) -> None:
    versions = ("v1",) if release >= (1, 24) else ("v1", "v1beta1", "v1alpha1")
    _expect_kind(data, path, "audit.k8s.io", "Policy", versions)
    top = ("apiVersion", "kind", "metadata", "rules", "omitStages", "omitManagedFields")
    _expect_keys(data, top, path)
    _stages(data.get("omitStages"), f"{path}: omitStages")
    _managed_fields(data, path, release)
    rules = data.get("rules")
    if not isinstance(rules, list) or not rules:
        raise FileProblem(f"{path} has no rules: such a policy is refused")
    for number, rule in enumerate(rules, start=1):
        _audit_rule(rule, f"{path}: rule {number}", release)


def _audit_rule(rule: Any, where: str, release: Release) -> None:
    _expect_keys(rule, _RULE_KEYS, where)
    if rule.get("level") not in _LEVELS:
        raise FileProblem(f"{where}: level is one of {', '.join(_LEVELS)}, and not {rule.get('level')!r}")
    for name in _RULE_LISTS:
        if rule.get(name) is not None:
            _expect_texts(rule[name], f"{where}: {name}")
    _stages(rule.get("omitStages"), f"{where}: omitStages")
    _managed_fields(rule, where, release)
    if rule.get("nonResourceURLs") and (rule.get("resources") or rule.get("namespaces")):
        raise FileProblem(f"{where}: a rule is about nonResourceURLs or about resources and namespaces, not about both")
    for url in rule.get("nonResourceURLs") or ():
        if url != "*" and (not url.startswith("/") or "*" in url.rstrip("*") or url.endswith("**")):
            raise FileProblem(f"{where}: nonResourceURLs: {url!r} must begin with / and may end with one *")
    for group in rule.get("resources") or ():
        _audit_group(group, where)


def _audit_group(group: Any, where: str) -> None:
    _expect_keys(group, _GROUP_KEYS, f"{where}: resources")
    name = group.get("group") or ""
    if "/" in name:
        raise FileProblem(f"{where}: resources: the group is given without a version, {name.partition('/')[0]!r}")
    for key in ("resources", "resourceNames"):
        if group.get(key) is not None:
            _expect_texts(group[key], f"{where}: resources: {key}")
    if group.get("resourceNames") and not group.get("resources"):
        raise FileProblem(f"{where}: resources: resourceNames need resources beside them")


def _stages(value: Any, where: str) -> None:
    for stage in _expect_texts(value, where) if value is not None else ():
        if stage not in _STAGES:
            raise FileProblem(f"{where}: a stage is one of {', '.join(_STAGES)}, and not {stage!r}")


def _managed_fields(data: Mapping[str, Any], where: str, release: Release) -> None:
    if "omitManagedFields" in data and release < _OMIT_MANAGED_FIELDS:
        raise FileProblem(f"{where}: omitManagedFields exists from 1.23 on")


def _admission(data: Mapping[str, Any], path: str, _release: Release) -> None:
    _expect_kind(data, path, "apiserver.config.k8s.io", "AdmissionConfiguration", ("v1", "v1alpha1"))
    for number, plugin in enumerate(data.get("plugins") or (), start=1):
        where = f"{path}: plugin {number}"
        _expect_keys(plugin, ("name", "path", "configuration"), where)
        if not plugin.get("name"):
            raise FileProblem(f"{where} has no name")
        if plugin.get("path") and plugin.get("configuration"):
            raise FileProblem(f"{where} ({plugin['name']}) has both a path and a configuration: keep one")


def _authentication(data: Mapping[str, Any], path: str, release: Release) -> None:
    versions: tuple[str, ...] = ("v1alpha1",)
    if release >= (1, 30):
        versions += ("v1beta1",)
    if release >= (1, 34):
        versions += ("v1",)
    _expect_kind(data, path, "apiserver.config.k8s.io", "AuthenticationConfiguration", versions)
    if data.get("anonymous") is not None and release < (1, 31):
        raise FileProblem(f"{path}: anonymous exists from 1.31 on (as beta from 1.32)")


def _authorization(data: Mapping[str, Any], path: str, release: Release) -> None:
    versions: tuple[str, ...] = ("v1alpha1",)
    if release >= (1, 30):
        versions += ("v1beta1",)
    if release >= (1, 32):
        versions += ("v1",)
    _expect_kind(data, path, "apiserver.config.k8s.io", "AuthorizationConfiguration", versions)
    kinds = [entry.get("type") for entry in data.get("authorizers") or () if isinstance(entry, Mapping)]
    for needed in ("Node", "RBAC"):
        if needed not in kinds:
            raise FileProblem(f"{path}: without an authorizer of type {needed}, this would lock out the cluster itself")


def _webhook(data: Mapping[str, Any], path: str, _release: Release) -> None:
    if data.get("kind") not in (None, "Config"):
        raise FileProblem(f"{path} must be a kubeconfig (kind: Config), and is {data['kind']}")
    for part in ("clusters", "contexts"):
        if not data.get(part):
            raise FileProblem(f"{path} is a kubeconfig without {part}")
    contexts = [entry.get("name") for entry in data["contexts"] if isinstance(entry, Mapping)]
    if data.get("current-context") not in contexts:
        raise FileProblem(f"{path}: current-context names none of its contexts ({', '.join(map(str, contexts))})")


_CHECKS: dict[str, Check] = {
    "admission-control-config-file": _admission,
    "audit-policy-file": _audit_policy,
    "audit-webhook-config-file": _webhook,
    "authentication-config": _authentication,
    "authentication-token-webhook-config-file": _webhook,
    "authorization-config": _authorization,
    "authorization-webhook-config-file": _webhook,
}
