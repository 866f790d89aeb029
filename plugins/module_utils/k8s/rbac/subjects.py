# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, groups and ServiceAccounts: who a binding names, and who a request comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

SERVICE_ACCOUNT_PREFIX = "system:serviceaccount:"
MASTERS = "system:masters"
AUTHENTICATED = "system:authenticated"
UNAUTHENTICATED = "system:unauthenticated"
ANONYMOUS = "system:anonymous"
SERVICE_ACCOUNTS = "system:serviceaccounts"

USER, GROUP, SERVICE_ACCOUNT = "User", "Group", "ServiceAccount"
KINDS = (USER, GROUP, SERVICE_ACCOUNT)


@dataclass(frozen=True, order=True)
class Subject:
    """A subject as bindings name it. `namespace` is a ServiceAccount's only."""

    kind: str
    name: str
    namespace: str = ""

    @property
    def username(self) -> str:
        """The name that the API server knows a user or ServiceAccount by; a group has none, and gives its own."""
        if self.kind == SERVICE_ACCOUNT:
            return f"{SERVICE_ACCOUNT_PREFIX}{self.namespace}:{self.name}"
        return self.name

    @property
    def text(self) -> str:
        """The subject in one line: `User alice`, `ServiceAccount ci/deployer`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    def as_dict(self) -> dict[str, str]:
        """As findings and return values show it."""
        shown = {"kind": self.kind, "name": self.name}
        return {**shown, "namespace": self.namespace} if self.kind == SERVICE_ACCOUNT else shown


@dataclass(frozen=True)
class Identity:
    """Who a request comes from, as the authorizer sees it: a user's name, and groups."""

    username: str
    groups: frozenset[str]


def service_account_of(username: str) -> Subject | None:
    """The ServiceAccount behind a user's name, if it is one's."""
    if not username.startswith(SERVICE_ACCOUNT_PREFIX):
        return None
    namespace, separator, name = username[len(SERVICE_ACCOUNT_PREFIX) :].partition(":")
    return Subject(SERVICE_ACCOUNT, name, namespace) if separator and namespace and name else None


def implied_groups(username: str) -> frozenset[str]:
    """The groups that the API server itself puts a user in, by the name alone."""
    if username == ANONYMOUS:
        return frozenset([UNAUTHENTICATED])
    account = service_account_of(username)
    if account is None:
        return frozenset([AUTHENTICATED])
    return frozenset([AUTHENTICATED, SERVICE_ACCOUNTS, f"{SERVICE_ACCOUNTS}:{account.namespace}"])


def identity_of(subject: Subject, groups: Iterable[str] = ()) -> Identity:
    """The identity of whoever is logged in as this subject: `groups` are those that a certificate or token adds.

    Of a group it is a member that nothing more is known of.
    """
    if subject.kind == GROUP:
        base = [UNAUTHENTICATED if subject.name == UNAUTHENTICATED else AUTHENTICATED]
        if subject.name.startswith(f"{SERVICE_ACCOUNTS}:"):
            base.append(SERVICE_ACCOUNTS)
        return Identity("", frozenset([*base, subject.name, *groups]))
    return Identity(subject.username, implied_groups(subject.username) | frozenset(groups))


def subject_from(text: str) -> Subject:
    """A subject from a user's words: `User:alice`, `Group:devs`, `ServiceAccount:ci/deployer`, or a bare user name.

    Raises K8sError where a ServiceAccount lacks its namespace.
    """
    account = service_account_of(text)
    if account:
        return account
    kind, separator, name = text.partition(":")
    if not separator or kind not in KINDS:
        return Subject(USER, text)
    if kind != SERVICE_ACCOUNT:
        return service_account_of(name) or Subject(kind, name) if kind == USER else Subject(kind, name)
    namespace, slash, account_name = name.partition("/")
    if not (slash and namespace and account_name):
        raise K8sError(f"{text!r} names no namespace: write ServiceAccount:NAMESPACE/NAME")
    return Subject(SERVICE_ACCOUNT, account_name, namespace)
