# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an object does what it is there for, read from its status. Pure.

Each function returns why an object is not ready, or an empty text. Hopeless is raised where waiting helps no more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Object = Mapping[str, Any]


class Hopeless(Exception):
    """The object will not become ready by itself."""


def unready(kind: str, obj: Object, conditions: Mapping[str, str] | None = None) -> str:
    """Why an object is not ready yet. conditions: {type: status} that a user wants to see. Raises Hopeless."""
    if conditions:
        reasons = (_condition_is(obj, name, status) for name, status in conditions.items())
        return "; ".join(reason for reason in reasons if reason)
    return _KINDS.get(kind, _any)(obj)


def _status(obj: Object) -> Mapping[str, Any]:
    return obj.get("status") or {}


def _spec(obj: Object) -> Mapping[str, Any]:
    return obj.get("spec") or {}


def _condition(obj: Object, name: str) -> Mapping[str, Any]:
    conditions = _status(obj).get("conditions") or ()
    return next((item for item in conditions if isinstance(item, Mapping) and item.get("type") == name), {})


def _condition_is(obj: Object, name: str, status: str) -> str:
    condition = _condition(obj, name)
    if condition.get("status") == status:
        return ""
    return f"{name} is {condition.get('status', 'not known')}{_why(condition)}"


def _why(condition: Mapping[str, Any]) -> str:
    said = ": ".join(str(condition[key]) for key in ("reason", "message") if condition.get(key))
    return f" ({said})" if said else ""


def _unseen(obj: Object) -> str:
    """Whether the controller has yet to look at what was declared last."""
    seen, generation = _status(obj).get("observedGeneration"), (obj.get("metadata") or {}).get("generation")
    if seen is not None and generation is not None and seen < generation:
        return "its controller has not seen the change yet"
    return ""


def _unobserved(obj: Object) -> str:
    return _unseen(obj) if _status(obj).get("observedGeneration") is not None else "no controller has seen it yet"


def _deployment(obj: Object) -> str:
    progress = _condition(obj, "Progressing")
    if progress.get("reason") == "ProgressDeadlineExceeded" and not _unseen(obj):
        raise Hopeless(f"it makes no progress{_why(progress)}")
    wanted, status = _spec(obj).get("replicas", 1), _status(obj)
    return (
        _unobserved(obj)
        or _fewer(status.get("updatedReplicas"), wanted, "updated")
        or _fewer(status.get("availableReplicas"), wanted, "available")
        or _left(status.get("replicas"), wanted)
    )


def _left(there: Any, wanted: int) -> str:
    return f"{there - wanted} old replicas are still there" if (there or 0) > wanted else ""


def _fewer(there: Any, wanted: int, what: str) -> str:
    return f"{there or 0} of {wanted} replicas are {what}" if (there or 0) < wanted else ""


def _stateful_set(obj: Object) -> str:
    wanted, status = _spec(obj).get("replicas", 1), _status(obj)
    strategy = _spec(obj).get("updateStrategy") or {}
    ready = _unobserved(obj) or _fewer(status.get("readyReplicas"), wanted, "ready")
    if ready or strategy.get("type") == "OnDelete":
        return ready
    partition = (strategy.get("rollingUpdate") or {}).get("partition") or 0
    return _fewer(status.get("updatedReplicas"), max(0, wanted - partition), "updated")


def _daemon_set(obj: Object) -> str:
    status = _status(obj)
    wanted = status.get("desiredNumberScheduled") or 0
    ready = _unobserved(obj) or _fewer(status.get("numberAvailable"), wanted, "available")
    if ready or (_spec(obj).get("updateStrategy") or {}).get("type") == "OnDelete":
        return ready
    return _fewer(status.get("updatedNumberScheduled"), wanted, "updated")


def _job(obj: Object) -> str:
    failed = _condition(obj, "Failed")
    if failed.get("status") == "True":
        raise Hopeless(f"it has failed{_why(failed)}")
    if _condition(obj, "Complete").get("status") == "True" or _spec(obj).get("suspend"):
        return ""
    return f"{_status(obj).get('succeeded') or 0} of {_spec(obj).get('completions', 1)} completions are done"


def _pod(obj: Object) -> str:
    phase = _status(obj).get("phase")
    if phase == "Succeeded":
        return ""
    if phase == "Failed":
        raise Hopeless(f"it has failed{_why(_status(obj))}")
    reasons = [_container_trouble(item) for item in _status(obj).get("containerStatuses") or ()]
    trouble = "; ".join(reason for reason in reasons if reason)
    not_ready = _condition_is(obj, "Ready", "True")
    return f"{not_ready}: {trouble}" if not_ready and trouble else not_ready and f"{not_ready}{_unscheduled(obj)}"


def _container_trouble(status: Mapping[str, Any]) -> str:
    waiting = (status.get("state") or {}).get("waiting") or {}
    return f"container {status.get('name')}{_why(waiting)}" if waiting else ""


def _unscheduled(obj: Object) -> str:
    scheduled = _condition(obj, "PodScheduled")
    return f", not scheduled{_why(scheduled)}" if scheduled.get("status") == "False" else ""


def _claim(obj: Object) -> str:
    phase = _status(obj).get("phase")
    if phase == "Lost":
        raise Hopeless("its volume is lost")
    return "" if phase == "Bound" else f"it is {phase or 'not bound'}"


def _definition(obj: Object) -> str:
    names = _condition(obj, "NamesAccepted")
    if names.get("status") == "False":
        raise Hopeless(f"its names are taken{_why(names)}")
    return _condition_is(obj, "Established", "True")


def _namespace(obj: Object) -> str:
    phase = _status(obj).get("phase")
    return "" if phase == "Active" else f"it is {phase}"


def _any(obj: Object) -> str:
    """Kinds whose status follows the custom of the API: observedGeneration, and a condition Ready."""
    unseen = _unseen(obj)
    return unseen or (_condition_is(obj, "Ready", "True") if _condition(obj, "Ready") else "")


_KINDS: dict[str, Callable[[Object], str]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "Pod": _pod,
    "PersistentVolumeClaim": _claim,
    "CustomResourceDefinition": _definition,
    "APIService": lambda obj: _condition_is(obj, "Available", "True"),
    "Namespace": _namespace,
}
