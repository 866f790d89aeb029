#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_container_limits
short_description: Limit memory, CPU, processes and restarts of containers without restarting them
version_added: 0.1.0
description:
  - Sets the limits of many containers in one call, while they run. Containers that are stopped get theirs for the next
    start.
  - Containers are selected by name, by a pattern of names, or by label. Every change is made by the id of the container
    that was selected, so that a container that takes over the name meanwhile is left alone.
  - Everything is checked before the first change; a value that the engine or the kernel would refuse changes nothing.
  - Containers of a swarm service or of a Kubernetes pod are passed over unless they are selected by
    O(containers[].name), because their manager sets their limits again.
author: Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.docker
options:
  containers:
    description:
      - What to give to which containers. Only the limits that are named are touched.
      - Where several entries select a container, later entries have the last word, limit by limit.
      - Selectors in one entry must all match.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The exact name of a container.
        type: str
      glob:
        description: A shell pattern of names, such as V(web-*). The pattern V(*) selects every container.
        type: str
      label:
        description: A label that the container carries, as C(key) or C(key=value).
        type: str
      memory:
        description:
          - The most memory, as bytes or with a unit of 1024 such as V(512m). V(unlimited) lifts the limit.
          - What file caches occupy does not count as used when the limit is compared with the present use.
        type: str
      memory_swap:
        description:
          - The most memory and swap together, at least as much as O(containers[].memory). V(unlimited) allows all swap.
          - Without it, O(containers[].memory) sets it to the same value, which allows no swap.
        type: str
      memory_reservation:
        description: Memory that the kernel tries to leave to the container when memory is short.
        type: str
      cpus:
        description:
          - The most CPU time, in cores. V(0) lifts the limit.
          - A container that was given a quota and a period keeps them as the way its limit is written.
        type: float
      cpu_quota:
        description:
          - The most CPU time, as microseconds in each O(containers[].cpu_period).
          - Another way to say O(containers[].cpus).
        type: int
      cpu_period:
        description: The period of O(containers[].cpu_quota), in microseconds. Default is V(100000).
        type: int
      cpu_shares:
        description:
          - The share of CPU time among containers that compete for it. V(1024) is what a container has by default.
        type: int
      cpuset_cpus:
        description: The CPUs that the container may use, such as V(0-3) or V(0,2).
        type: str
      cpuset_mems:
        description: The memory nodes that the container may use.
        type: str
      pids_limit:
        description: The most processes and threads. V(-1) lifts the limit.
        type: int
      restart_policy:
        description:
          - What happens when the container ends.
          - V(no), V(on-failure), V(on-failure:5) with any number of retries, V(always) or V(unless-stopped).
        type: str
  state:
    description:
      - V(present) sets the limits.
      - V(absent) takes back what was set. With O(record), containers get back the limits they had before, all
        containers of the record when O(containers) is empty. Without it, the limits that O(containers) names are
        lifted. Either way a limit that has another value by now is somebody else's and stays.
    type: str
    choices: [present, absent]
    default: present
  on_no_match:
    description: What to do about a selector that selects no container.
    type: str
    choices: [fail, warn, ignore]
    default: fail
  force:
    description:
      - Set a memory limit below what the container uses now. The kernel then kills processes of the container, or, with
        control groups version 1, refuses the limit.
    type: bool
    default: false
  record:
    description: A file on the target that keeps the limits of before, for O(state=absent).
    type: path
attributes:
  check_mode:
    description: Makes the same checks and predicts the same changes.
    support: full
  diff_mode:
    description: Shows the limits of each container before and after.
    support: full
  idempotent:
    description: A limit that is in effect already is not set again.
    support: full
"""

EXAMPLES = r"""
- name: Give every container a limit, and the database more
  bulkhead.container_security.docker_container_limits:
    containers:
      - glob: "*"
        memory: 512m
        cpus: 1
        pids_limit: 200
        restart_policy: on-failure:5
      - name: database
        memory: 4g
        memory_reservation: 2g
        cpus: 2.5

- name: Limit what carries a label, and be content when nothing does
  bulkhead.container_security.docker_container_limits:
    containers:
      - label: tier=batch
        cpu_shares: 256
    on_no_match: ignore
"""

RETURN = r"""
containers:
  description: The containers that were selected.
  returned: success
  type: list
  elements: dict
  sample:
    - {name: web, id: 4f1c…, state: running, changed: true, before: {memory: unlimited}, after: {memory: 512m}}
skipped:
  description: Containers that a selector matched and that were passed over, with the reason.
  returned: success
  type: dict
  sample: {k8s_web_0: "it belongs to a Kubernetes pod: set the limit in the pod"}
unmatched:
  description: Selectors that selected nothing.
  returned: success
  type: list
  elements: str
  sample: [name shop]
requests:
  description: Number of requests made to the engine.
  returned: success
  type: int
  sample: 12
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.connection import (
    connect,
    connection_argument_spec,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.limits import SIZES
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.limits_undo import (
    forget,
    lifted,
    recorded,
    remember,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.selection import (
    Choice,
    Chosen,
    choose,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.update import (
    Update,
    apply,
    plan,
    unsupported,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError, Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.undo_record import (
    read_record,
    write_record,
)


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; DOCUMENTATION describes them."""
    texts = ("name", "glob", "label", *SIZES, "cpuset_cpus", "cpuset_mems", "restart_policy")
    entry: dict[str, dict[str, Any]] = {name: {"type": "str"} for name in texts}
    entry.update({name: {"type": "int"} for name in ("cpu_quota", "cpu_period", "cpu_shares", "pids_limit")})
    entry["cpus"] = {"type": "float"}
    return {
        **connection_argument_spec(),
        "containers": {"type": "list", "elements": "dict", "default": [], "options": entry},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "on_no_match": {"type": "str", "choices": ["fail", "warn", "ignore"], "default": "fail"},
        "force": {"type": "bool", "default": False},
        "record": {"type": "path"},
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    try:
        result, failures = run(module, connect(module.params))
    except DockerError as exc:
        module.fail_json(msg=str(exc))
    if failures:
        module.fail_json(msg=f"Not every container got its limits. {'; '.join(failures)}", **result)
    module.exit_json(**result)


def run(module: AnsibleModule, engine: Engine) -> tuple[dict[str, Any], list[str]]:
    """Plan, and outside check mode apply; returns the module's result and what went wrong on the way."""
    params, info = module.params, engine.get("/info")
    choice = choose(engine, params["containers"])
    _report_unmatched(module, choice)
    record = read_record(params["record"])
    chosen = _wanting(engine, choice, record, params)
    for name in unsupported(info, chosen):
        module.warn(f"The kernel of this host cannot enforce {name}: left as it is")
    updates = plan(engine, chosen, info, force=params["force"])
    failures: list[str] = []
    if not module.check_mode:
        present = params["state"] == "present"
        # Before anything is touched: a run that is cut off must not forget what there was.
        written = _recorded(params["record"], record, remember(record, updates) if present else record)
        failures = apply(engine, updates, int(info.get("NCPU") or 1))
        _recorded(params["record"], written, remember(record, updates) if present else forget(record, updates))
    return _result(updates, choice, engine), failures


def _recorded(path: str | None, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    if after != before:
        write_record(path, after)
    return after


def _wanting(engine: Engine, choice: Choice, record: dict[str, Any], params: dict[str, Any]) -> list[Chosen]:
    if params["state"] == "present":
        return choice.chosen
    if params["record"]:
        return recorded(engine, record, choice.chosen if params["containers"] else None)
    return lifted(engine, choice.chosen)


def _report_unmatched(module: AnsibleModule, choice: Choice) -> None:
    if not choice.unmatched or module.params["on_no_match"] == "ignore":
        return
    message = f"No container matches {'; '.join(choice.unmatched)}"
    if module.params["on_no_match"] == "warn":
        module.warn(message)
    else:
        raise DockerError(message + ": correct the selector, or say on_no_match: warn")


def _result(updates: list[Update], choice: Choice, engine: Engine) -> dict[str, Any]:
    reports = [update.report() for update in updates]
    changing = [report for report in reports if report["changed"]]
    return {
        "changed": bool(changing),
        "containers": reports,
        "skipped": choice.skipped,
        "unmatched": choice.unmatched,
        "requests": engine.requests,
        "diff": {side: {report["name"]: report[side] for report in changing} for side in ("before", "after")},
    }


if __name__ == "__main__":
    main()
