# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that stand where everybody reads them: environment variables, build arguments, shell commands.

They are known by the name of the variable or by the shape of the value. What is found is never shown: a secret
leaves this file as a fingerprint.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import secret_fingerprint

Found = dict[str, str]

_NAME = re.compile(
    r"passw(?:or)?d|passphrase|requirepass\Z"
    r"|(?:^|[_.-])(?:pass|pwd|pw|secrets?|token|apikey|credentials?)(?:$|[_.-])"
    r"|(?:secret|token|apikey)$"
    r"|(?:api|access|private|secret|encryption|encrypt|signing|auth|master|account|deploy)[_.-]?key(?:$|[_.-])",
    re.IGNORECASE,
)
# Variables that speak about a secret without holding it.
_ABOUT = re.compile(
    r"(?:^|[_.-])(?:files?|path|dir|name|id|ttl|expir\w*|length|len|policy|type|enabled|required|timeout|url|uri"
    r"|endpoint|user|username|header|issuer|algorithm|alg|size|count|lifetime|version|min|max|hash|prefix|provider"
    r"|manager|store|backend|mode|duration|interval|age|prompt|regex|pattern|limit|region|seconds|minutes|hours|days"
    r"|rotation|format|strength|hint|field|attempts|retries|complexity)\Z",
    re.IGNORECASE,
)
# What is counted is no secret: MAX_TOKENS=4096.
_COUNT = re.compile(r"(?:^|[_.-])(?:max|min|num|total|limit|tokens)(?:$|[_.-])", re.IGNORECASE)
_NO_SECRET = re.compile(
    r"(?:true|false|yes|no|on|off|none|null|nil|unset|disabled|enabled|changeme_not_set|[01])?\Z"
    r"|\*+\Z|x{3,}\Z|<[^>]*>\Z|\[?redacted\]?\Z"
    r"|\$\{?\w|\$\(|\{\{|%\w+%|(?:vault|op|ssm|file|secret|arn|env|gcp|aws|azurekv|doppler|sops|bao):"
    r"|/(?:run|etc|var|secrets?|vault|mnt|opt|usr|home|tmp|app|data|root|srv|certs?|keys?|config)(?:/|\Z)",
    re.IGNORECASE,
)
# Names of our shells and runtimes that only look like it.
_INNOCENT = frozenset({"PWD", "OLDPWD", "GPG_KEY", "GPG_KEYS", "SSH_AUTH_SOCK"})

# Values that are secrets whatever they are called. Each prefix is its issuer's own.
_SHAPES = (
    ("private key", re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----")),
    ("AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("GitHub token", re.compile(r"\b(?:gh[pousr]_[0-9A-Za-z]{36,}|github_pat_\w{22,})")),
    ("GitLab token", re.compile(r"\bglpat-[\w-]{20,}")),
    ("Slack token", re.compile(r"\bxox[abeoprs]-[0-9A-Za-z-]{10,}")),
    ("Google API key", re.compile(r"\bAIza[\w-]{35}")),
    ("Stripe key", re.compile(r"\b[rs]k_live_[0-9A-Za-z]{16,}")),
    ("npm token", re.compile(r"\bnpm_[0-9A-Za-z]{36}\b")),
    ("JSON web token", re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}")),
    ("password in a URL", re.compile(r"\b[a-zA-Z][\w+.-]*://[^\s/:@'\"]*:(?!\$|%24|\*+@|<)[^\s/@'\"]+@[\w\[]")),
    ("password of curl", re.compile(r"\bcurl\b[^;&|]*?\s(?:-u|--user)[ =]?['\"]?[^\s:'\"]+:(?!\$|\*+|<)[^\s'\"]+")),
    ("HTTP credentials", re.compile(r"\bAuthorization:\s*(?:Bearer|Basic|token)\s+[\w.~+/=-]{8,}", re.IGNORECASE)),
)
_ASSIGNMENT = re.compile(r"(?:^|[\s;&|(])(?:export\s+|-D)?([A-Za-z_][\w.-]*)=(\"[^\"]*\"|'[^']*'|[^\s;&|)\"']+)")
_FLAG = re.compile(
    r"(?:^|\s)--([\w-]*(?:password|passwd|requirepass|token|secret|api-?key))"
    r"[ =](\"[^\"]*\"|'[^']*'|[^\s;&|)\"'-]\S*)"
)


def secret_in(name: str, value: str) -> Found | None:
    """What a variable gives away, {name, kind, fingerprint}, or None."""
    text = value.strip().strip("\"'")
    kind = _kind(name, text) or _kind_inside(value)
    return {"name": name, "kind": kind, "fingerprint": secret_fingerprint(text)} if kind else None


def _kind(name: str, value: str) -> str | None:
    for kind, shape in _SHAPES:
        if shape.search(value):
            return kind
    if name in _INNOCENT or not _NAME.search(name) or _ABOUT.search(name) or _NO_SECRET.match(value):
        return None
    return None if value.isdigit() and _COUNT.search(name) else "by its name"


def _kind_inside(value: str) -> str | None:
    """Of a value that is a connection string or a list of options: what one of its own parts gives away."""
    for part, text in (*_ASSIGNMENT.findall(value), *_FLAG.findall(value)):
        if _kind(part, text.strip("\"'")):
            return f"by the name {part} inside"
    return None


def secrets_in_env(variables: Iterable[str] | None) -> list[Found]:
    """Secrets in a list of NAME=value, by name."""
    pairs = (variable.partition("=") for variable in variables or ())
    found = (secret_in(name, value) for name, _equals, value in pairs)
    return sorted((secret for secret in found if secret), key=lambda secret: secret["name"])


def without_secrets(command: str) -> str:
    """The command with a fingerprint in the place of every secret."""
    for pattern in (_ASSIGNMENT, _FLAG):
        command = pattern.sub(_masked_value, command)
    for _kind_name, shape in _SHAPES:
        command = shape.sub(lambda match: secret_fingerprint(match.group()), command)
    return command


def _masked_value(match: re.Match[str]) -> str:
    found = secret_in(match[1], match[2])
    return match.group().replace(match[2], found["fingerprint"]) if found else match.group()


def secrets_in_command(command: str) -> list[Found]:
    """Secrets in a shell command: in assignments, in options such as --password, and by shape anywhere."""
    pairs = [*_ASSIGNMENT.findall(command), *_FLAG.findall(command)]
    found = [secret for secret in (secret_in(name, value) for name, value in pairs) if secret]
    rest = _FLAG.sub(" ", _ASSIGNMENT.sub(" ", command))
    for kind, shape in _SHAPES:
        found += [
            {"name": kind, "kind": kind, "fingerprint": secret_fingerprint(match.group())}
            for match in shape.finditer(rest)
        ]
        rest = shape.sub(" ", rest)  # a token in a header is found once
    return found
