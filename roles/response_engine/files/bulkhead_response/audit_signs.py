# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an event of the audit log shows: each sign says in a few words what was done, or nothing where it is not so."""

from __future__ import annotations

import posixpath
import re

from bulkhead_response.audit_event import ANONYMOUS, AuditEvent, items, mapping, text
from bulkhead_response.plain_credentials import credentials_in

_PUBLIC_PATHS = re.compile(r"/(?:healthz|livez|readyz|version)(?:/|\Z)")
_HOST_PATHS = re.compile(
    r"(?:/|/(?:etc|proc|root|boot|dev|sys|var/run|run)(?:/.*)?|/var/lib/(?:kubelet|docker|containerd|etcd)(?:/.*)?"
    r"|/home(?:/.*)?|/.*\.sock)\Z"
)


def request(event: AuditEvent) -> str:
    """Any request at all."""
    return f"{event.verb} {event.resource}"


def stream(event: AuditEvent) -> str:
    """The program that is run, without its arguments, for people type passwords there."""
    program = event.asked_by_query("command").split(" ", 1)[0][:100]
    return " ".join(filter(None, (event.resource.rpartition("/")[2], program)))


def privileged(event: AuditEvent) -> str:
    """Namespaces of the host that pods share, and their privileged containers."""
    spec = event.pod_spec
    shared = [name for name in ("hostPID", "hostIPC", "hostNetwork") if spec.get(name) is True]
    held = [
        text(one.get("name"))
        for one in event.containers()
        if mapping(one.get("securityContext")).get("privileged") is True
    ]
    return ", ".join([*shared, *(f"privileged container {name}" for name in held)])


def host_path(event: AuditEvent) -> str:
    """Paths of the host that give it away, where pods mount them."""
    paths = (text(mapping(mapping(one).get("hostPath")).get("path")) for one in items(event.pod_spec.get("volumes")))
    # //etc and /etc/ are /etc.
    plain = ("/" + posixpath.normpath(path).lstrip("/") for path in paths if path)
    return ", ".join(path for path in plain if _HOST_PATHS.match(path))


def cluster_admin(event: AuditEvent) -> str:
    """To whom cluster-admin is bound."""
    if mapping(event.became.get("roleRef")).get("name") != "cluster-admin":
        return ""
    return "cluster-admin for " + _subjects(event)


def grant_to_anybody(event: AuditEvent) -> str:
    """What is bound to users without credentials."""
    whom = {text(mapping(one).get("name")) for one in items(event.became.get("subjects"))}
    anybody = sorted(whom & {ANONYMOUS, "system:unauthenticated"})
    return f"{text(mapping(event.became.get('roleRef')).get('name'))} for {', '.join(anybody)}" if anybody else ""


def _subjects(event: AuditEvent) -> str:
    subjects = (mapping(one) for one in items(event.became.get("subjects")))
    return ", ".join(f"{text(one.get('kind'))} {text(one.get('name'))}" for one in subjects) or "nobody yet"


def every_right(event: AuditEvent) -> str:
    """Whether a role may do everything."""
    rules = (mapping(one) for one in items(event.became.get("rules")))
    everything = any("*" in items(one.get("verbs")) and "*" in items(one.get("resources")) for one in rules)
    return "every verb on every resource" if everything else ""


def credentials(event: AuditEvent) -> str:
    """What looks like a credential in a ConfigMap."""
    return ", ".join(credentials_in(mapping(event.asked.get("data"))))


def anonymous(event: AuditEvent) -> str:
    """What was asked without credentials, apart from what everybody may ask of any cluster."""
    joining = event.resource == "configmaps" and (event.namespace, event.name) == ("kube-public", "cluster-info")
    if event.user != ANONYMOUS or joining or _PUBLIC_PATHS.match(event.path):
        return ""
    return f"{event.verb} {event.path[:200]}"


def impersonated(event: AuditEvent) -> str:
    """In whose name it was asked."""
    return f"as {event.impersonated}" if event.impersonated else ""
