#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Add images to Anchore Engine, have them analysed, and remove them."""

from __future__ import annotations

DOCUMENTATION = r"""
module: anchore_image
short_description: Add images to Anchore Engine, wait for their analysis, annotate and remove them
version_added: 0.4.0
description:
  - Adds many images in one call, side by side, and waits for all of them in one loop.
  - An image that the engine knows already is not sent again, unless O(force) or O(refresh) ask for it, or its last
    analysis failed.
  - One image that fails keeps no other from being added. The module fails at the end and names them.
author:
  - Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.anchore
attributes:
  check_mode:
    support: full
    description: Tells what would be added and removed. Whether a tag has moved only the engine can find out.
  diff_mode:
    support: full
    description: Shows the images that change, with their digests and annotations.
  idempotent:
    support: full
    description: A second run changes nothing, unless O(force) is set.
options:
  images:
    description: The images.
    type: list
    elements: dict
    required: true
    suboptions:
      tag:
        description: The image as the engine is to pull it, such as V(docker.io/library/nginx:1.27).
        type: str
        required: true
      digest:
        description: The digest of its manifest. Without it, whatever the tag is when the engine pulls it.
        type: str
      dockerfile:
        description: The Dockerfile that it was built from, on the target. It is sent when the image is analysed.
        type: path
      dockerfile_content:
        description: The same as text, instead of O(images[].dockerfile).
        type: str
      annotations:
        description:
          - Names and values to keep with the image. Those that are not named stay, and one without a value is taken
            away.
        type: dict
        default: {}
  state:
    description:
      - Whether the images are there. With V(absent) and without O(images[].digest), every content goes that has, or
        had, the tag.
    type: str
    choices: [present, absent]
    default: present
  wait:
    description: Wait until they are analysed.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait for all of them together.
    type: float
    default: 1800.0
  wait_interval:
    description: Seconds between two looks at all of them.
    type: float
    default: 5.0
  force:
    description:
      - With O(state=present), have the images analysed again. With O(state=absent), remove images that have other tags,
        or subscriptions.
    type: bool
    default: false
  refresh:
    description: Have the engine look every tag up in its registry again, and add what it has moved to.
    type: bool
    default: false
  auto_subscribe:
    description: Have the engine watch the tags of images that are added for changes.
    type: bool
    default: false
  parallel:
    description: How many requests are sent side by side.
    type: int
    default: 8
seealso:
  - module: bulkhead.container_security.anchore_image_info
"""

EXAMPLES = r"""
- name: Have two images analysed
  bulkhead.container_security.anchore_image:
    url: https://anchore.example.com:8228/v1
    username: admin
    password: "{{ anchore_password }}"
    images:
      - tag: docker.io/library/nginx:1.27
      - tag: registry.example.com/shop/web:1.4
        dockerfile: /srv/web/Dockerfile
        annotations: {team: shop}
    wait_timeout: 900

- name: See whether tags have moved
  bulkhead.container_security.anchore_image:
    url: https://anchore.example.com:8228/v1
    username: admin
    password: "{{ anchore_password }}"
    images:
      - tag: docker.io/library/nginx:1.27
    refresh: true

- name: Remove an image
  bulkhead.container_security.anchore_image:
    url: https://anchore.example.com:8228/v1
    username: admin
    password: "{{ anchore_password }}"
    images:
      - tag: registry.example.com/shop/web:1.3
    state: absent
"""

RETURN = r"""
images:
  description: One entry for each image, in the order of O(images). With O(state=absent), one for each content.
  returned: always
  type: list
  elements: dict
  contains:
    tag:
      description: The tag.
      type: str
    digest:
      description: The digest, empty where it is not known.
      type: str
    action:
      description: One of V(added), V(analysed_again), V(annotated), V(removed), V(unchanged).
      type: str
    analysis_status:
      description: One of V(not_analyzed), V(analyzing), V(analyzed), V(analysis_failed).
      type: str
    seconds:
      description: How long its analysis was awaited.
      type: float
    error:
      description: What went wrong.
      type: str
requests:
  description: How many requests were made.
  returned: always
  type: int
"""

from collections.abc import Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.client import AnchoreClient
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.image_plan import (
    Step,
    check,
    diff,
    plan_absent,
    plan_present,
    survey,
    wish_from,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.image_work import (
    add_all,
    remove_all,
    say_what_failed,
    wait_for_all,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.options import (
    anchore_argument_spec,
    client_of,
)


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; DOCUMENTATION describes them."""
    image: dict[str, dict[str, Any]] = {
        "tag": {"type": "str", "required": True},
        "digest": {"type": "str"},
        "dockerfile": {"type": "path"},
        "dockerfile_content": {"type": "str"},
        "annotations": {"type": "dict", "default": {}},
    }
    return {
        **anchore_argument_spec(),
        "images": {"type": "list", "elements": "dict", "required": True, "options": image},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "float", "default": 1800.0},
        "wait_interval": {"type": "float", "default": 5.0},
        "force": {"type": "bool", "default": False},
        "refresh": {"type": "bool", "default": False},
        "auto_subscribe": {"type": "bool", "default": False},
        "parallel": {"type": "int", "default": 8},
    }


def _planned(client: AnchoreClient, params: dict[str, Any]) -> list[Step]:
    wishes = [wish_from(row) for row in params["images"]]
    check(wishes)
    if params["wait_interval"] <= 0:
        raise AnchoreError("usage", f"wait_interval: must be more than 0, and it is {params['wait_interval']:g}")
    stored = survey(client, history=_needs_history(params))
    if params["state"] == "absent":
        return plan_absent(wishes, stored, force=params["force"])
    return plan_present(wishes, stored, force=params["force"], refresh=params["refresh"])


def _needs_history(params: dict[str, Any]) -> bool:
    """Whether contents count whose tags have moved on."""
    return params["state"] == "absent" or params["refresh"] or any(row["digest"] for row in params["images"])


def _carry_out(module: AnsibleModule, client: AnchoreClient, steps: Sequence[Step]) -> None:
    params = module.params
    if params["state"] == "absent":
        remove_all(client, steps, force=params["force"], parallel=params["parallel"])
        return
    add_all(client, steps, auto_subscribe=params["auto_subscribe"], parallel=params["parallel"])
    if params["wait"]:
        wait_for_all(
            client,
            steps,
            timeout=params["wait_timeout"],
            interval=params["wait_interval"],
            history=_needs_history(params),
            progress=module.log,
        )
    say_what_failed(steps)


def _row(step: Step) -> dict[str, Any]:
    return {
        "tag": step.wish.tag,
        "digest": step.digest,
        "action": "unchanged" if step.action == "looked_up" else step.action,
        "analysis_status": step.status,
        "seconds": step.seconds,
        "error": step.error,
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    try:
        with client_of(module.params) as client:
            steps = _planned(client, module.params)
            if not module.check_mode:
                _carry_out(module, client, steps)
            requests = client.requests
    except AnchoreError as exc:
        module.fail_json(msg=str(exc))
    rows = [_row(step) for step in steps]
    changed = any(row["action"] != "unchanged" and (module.check_mode or step.done) for row, step in zip(rows, steps))
    result: dict[str, Any] = {"changed": changed, "images": rows, "requests": requests, "diff": diff(steps)}
    failed = [f"{step.wish.name}: {step.error}" for step in steps if step.error]
    if failed:
        more = f"; and {len(failed) - 5} more" if len(failed) > 5 else ""
        module.fail_json(msg=f"{len(failed)} of {len(steps)} images: {'; '.join(failed[:5])}{more}", **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
