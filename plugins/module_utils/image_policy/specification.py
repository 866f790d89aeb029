# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The language of policies as Anchore Engine 1.1.0 knows it: gates, their triggers, and the parameters of each.

The facts are those of anchore_engine/services/policy_engine/engine/policy/gates at v1.1.0. An engine that is asked
(`/system/policy_spec`, see live_specification.py) answers in the same types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# What a value looks like as a whole, and how to say so. Stricter than the engine where it takes a value that it then
# fails on, such as a number without digits.
TEXT = r"(?s).*"
NUMBER = r"\s*\d+\s*"
DECIMAL = r"\s*-?(\d+(\.\d*)?|\.\d+)\s*"
NUMBERS = r"\s*\d+\s*(,\s*\d+\s*)*"
TEXTS = r"[^,]*[^,\s][^,]*(,[^,]*[^,\s][^,]*)*"
SIZE = r"\d+([kmgtKMGT][bB])?"
FORMS = {
    TEXT: "any text",
    NUMBER: "a whole number",
    DECIMAL: "a number",
    NUMBERS: "whole numbers with commas between them",
    TEXTS: "texts with commas between them",
    SIZE: "bytes, or a number with KB, MB, GB or TB",
}


@dataclass(frozen=True)
class ParameterSpec:
    """What a parameter takes: one of `choices` where there are any, else text of the form `pattern`."""

    name: str
    required: bool = False
    pattern: str = TEXT
    choices: tuple[str, ...] = ()
    ignore_case: bool = False
    is_regex: bool = False
    aliases: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        """What may stand there, in words."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        return FORMS.get(self.pattern, f"text that matches {self.pattern}")


@dataclass(frozen=True)
class TriggerSpec:
    """A trigger by its name, and its parameters."""

    name: str
    parameters: tuple[ParameterSpec, ...] = ()
    aliases: tuple[str, ...] = ()

    def parameter(self, name: str) -> ParameterSpec | None:
        """The parameter of that name, or alias, in any case."""
        wanted = name.lower()
        return next((each for each in self.parameters if wanted in (each.name, *each.aliases)), None)


# Gate → trigger → what it takes.
Specification = Mapping[str, Mapping[str, TriggerSpec]]


def _needed(name: str, pattern: str = TEXT, *, regex: bool = False, aliases: tuple[str, ...] = ()) -> ParameterSpec:
    return ParameterSpec(name, required=True, pattern=pattern, is_regex=regex, aliases=aliases)


def _optional(name: str, pattern: str = TEXT, *, regex: bool = False) -> ParameterSpec:
    return ParameterSpec(name, pattern=pattern, is_regex=regex)


def _one_of(name: str, *choices: str, required: bool = False) -> ParameterSpec:
    return ParameterSpec(name, required=required, choices=choices)


def _boolean(name: str) -> ParameterSpec:
    return ParameterSpec(name, choices=("true", "false"), ignore_case=True)


def _gate(*triggers: TriggerSpec) -> dict[str, TriggerSpec]:
    return {trigger.name: trigger for trigger in triggers}


def _trigger(name: str, *parameters: ParameterSpec, aliases: tuple[str, ...] = ()) -> TriggerSpec:
    return TriggerSpec(name, parameters, aliases)


INSTRUCTIONS = (
    *("ADD", "ARG", "COPY", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER"),
    *("ONBUILD", "USER", "RUN", "SHELL", "STOPSIGNAL", "VOLUME", "WORKDIR"),
)
COMPARISONS = ("=", "!=", "<", ">", "<=", ">=")
CHECKS = ("=", "!=", "exists", "not_exists", "like", "not_like", "in", "not_in")
SEVERITIES = ("unknown", "negligible", "low", "medium", "high", "critical")
ATTRIBUTES = ("size", "architecture", "os_type", "distro", "distro_version", "like_distro", "layer_count")
SCORES = tuple(
    f"{vendor}cvss_v3_{score}_score" for vendor in ("", "vendor_") for score in ("base", "exploitability", "impact")
)

_ONLY_REAL = _boolean("actual_dockerfile_only")
_LIST_TYPE = _one_of("type", "whitelist", "blacklist", required=True)
_NAME_VERSION = (_needed("name"), _optional("version"))

_DOCKERFILE = _gate(
    _trigger(
        "instruction",
        _one_of("instruction", *INSTRUCTIONS, required=True),
        _one_of("check", *CHECKS, required=True),
        _optional("value"),
        _ONLY_REAL,
    ),
    _trigger("effective_user", _needed("users"), _LIST_TYPE),
    _trigger("exposed_ports", _needed("ports", NUMBERS), _LIST_TYPE, _ONLY_REAL),
    _trigger("no_dockerfile_provided"),
)
_FILES = _gate(
    _trigger("content_regex_match", _optional("regex_name")),
    _trigger("name_match", _needed("regex", regex=True)),
    _trigger(
        "attribute_match",
        _needed("filename"),
        _one_of("checksum_algorithm", "sha256"),
        _optional("checksum"),
        _one_of("checksum_match", "equals", "not_equals"),
        _optional("mode"),
        _one_of("mode_op", "equals", "not_equals"),
        _boolean("skip_missing"),
    ),
    _trigger("suid_or_guid_set"),
)
_PASSWD = _gate(
    _trigger("content_not_available"),
    _trigger("blacklist_usernames", _needed("user_names", TEXTS, aliases=("usernameblacklist",))),
    _trigger("blacklist_userids", _needed("user_ids", NUMBERS, aliases=("useridblacklist",))),
    _trigger("blacklist_groupids", _needed("group_ids", NUMBERS)),
    _trigger("blacklist_shells", _needed("shells", TEXTS), aliases=("shellmatch",)),
    _trigger("blacklist_full_entry", _needed("entry")),
)
_PACKAGES = _gate(
    _trigger("required_package", *_NAME_VERSION, _one_of("version_match_type", "exact", "minimum")),
    _trigger(
        "verify",
        _optional("only_packages", TEXTS),
        _optional("only_directories", TEXTS),
        _one_of("check", "changed", "missing"),
    ),
    _trigger("blacklist", *_NAME_VERSION),
)
_VULNERABILITIES = _gate(
    _trigger(
        "package",
        _one_of("package_type", "all", "os", "non-os", required=True),
        _one_of("severity_comparison", *COMPARISONS),
        _one_of("severity", *SEVERITIES),
        *(_one_of(f"{score}_comparison", *COMPARISONS) for score in SCORES),
        *(_optional(score, DECIMAL) for score in SCORES),
        _boolean("fix_available"),
        _boolean("vendor_only"),
        _optional("max_days_since_creation", NUMBER),
        _optional("max_days_since_fix", NUMBER),
        _optional("package_path_exclude", regex=True),
    ),
    _trigger("stale_feed_data", _needed("max_days_since_sync", NUMBER)),
    _trigger("vulnerability_data_unavailable"),
    _trigger("blacklist", _needed("vulnerability_ids", TEXTS), _boolean("vendor_only")),
)

ENGINE_1_1_0: Specification = {
    "always": _gate(_trigger("always")),
    "dockerfile": _DOCKERFILE,
    "files": _FILES,
    "licenses": _gate(
        _trigger("blacklist_exact_match", _needed("licenses", TEXTS)),
        _trigger("blacklist_partial_match", _needed("licenses", TEXTS)),
    ),
    "malware": _gate(_trigger("scans"), _trigger("scan_not_run")),
    "metadata": _gate(
        _trigger(
            "attribute",
            _one_of("attribute", *ATTRIBUTES, required=True),
            _one_of("check", *CHECKS, ">", "<", ">=", "<=", required=True),
            _optional("value"),
        )
    ),
    "npms": _gate(
        _trigger("newer_version_in_feed"),
        _trigger("unknown_in_feeds"),
        _trigger("version_not_in_feeds"),
        _trigger("blacklisted_name_version", *_NAME_VERSION),
        _trigger("feed_data_unavailable"),
    ),
    "packages": _PACKAGES,
    "passwd_file": _PASSWD,
    "retrieved_files": _gate(
        _trigger("content_not_available", _needed("path")),
        _trigger(
            "content_regex",
            _needed("path"),
            _needed("regex", regex=True),
            _one_of("check", "match", "no_match", required=True),
        ),
    ),
    "ruby_gems": _gate(
        _trigger("newer_version_found_in_feed"),
        _trigger("not_found_in_feed"),
        _trigger("version_not_found_in_feed"),
        _trigger("blacklist", *_NAME_VERSION),
        _trigger("feed_data_unavailable"),
    ),
    "secret_scans": _gate(
        _trigger(
            "content_regex_checks",
            _optional("content_regex_name"),
            _optional("filename_regex", regex=True),
            _one_of("match_type", "notfound", "found"),
        )
    ),
    "vulnerabilities": _VULNERABILITIES,
}
