#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Audit Dockerfiles."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dockerfile_audit
short_description: Audit Dockerfiles and build contexts
version_added: 0.4.0
description:
  - Judges Dockerfiles (Containerfiles) by what goes into the image, what is fetched and from where, as whom it runs,
    and by secrets that it gives away; and their build contexts by what is sent to the builder.
  - Reads files alone. Builds nothing, executes nothing of them, speaks to no registry, and changes nothing.
  - Where C(hadolint) is installed its findings are returned as well, without those that a control of ours says already.
  - Each finding names file and line. Its identity does not depend on the line, so that it stays the same finding when
    lines above it come and go.
  - Does not fail because of what it finds. Use M(bulkhead.container_security.audit_report) to let a play fail.
author:
  - Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.audit
requirements:
  - jmespath (where it runs)
attributes:
  check_mode:
    support: full
    description: Works the same with and without check mode, for it never changes anything.
  diff_mode:
    support: none
    description: There is never a difference to show.
  idempotent:
    support: full
    description: A second run gives the same findings, unless the files changed meanwhile.
options:
  paths:
    description:
      - Dockerfiles, and folders that are searched for them.
    type: list
    elements: path
    default: []
  patterns:
    description:
      - What Dockerfiles in the folders of O(paths) are called. Shell patterns of the name without its folder.
      - Without it, C(Dockerfile), C(Dockerfile.*), C(*.Dockerfile), C(*.dockerfile), C(Containerfile) and
        C(Containerfile.*).
    type: list
    elements: str
    default: []
  exclude:
    description:
      - Files to leave out. Shell patterns of the name in findings, such as V(vendor/*).
    type: list
    elements: str
    default: []
  root:
    description:
      - The folder that names of files in findings begin at. Without it, the working tree of Git that a path is in, so
        that a code host finds them.
    type: path
  content:
    description:
      - The text of one Dockerfile, instead of O(paths). It has no build context unless O(context) is given.
    type: str
  content_name:
    description:
      - What O(content) is called in findings.
    type: str
    default: Dockerfile
  build_args:
    description:
      - Build arguments, by their name. Those that have neither a value here nor a default are unknown, and findings
        that depend on them say so.
    type: dict
    default: {}
  stage:
    description:
      - The stage that is built, by its name or number. Without it, the last one.
    type: str
  audit_context:
    description:
      - Judge the build context, too. The first 4 KiB of files that may be keys are read, nothing else of its files.
    type: bool
    default: true
  context:
    description:
      - The build context of all of O(paths). Without it, the folder of each Dockerfile.
    type: path
  context_max_files:
    description:
      - Stop looking at a context after so many files, and say so.
    type: int
    default: 50000
  context_max_mb:
    description:
      - How large a build context may be, in megabytes.
    type: int
    default: 200
  allowed_registries:
    description:
      - Registries that base images may come from, as C(host[:port]) or C(host[:port]/repository). Images of Docker Hub
        are in V(docker.io), the official ones in V(docker.io/library).
      - Without it, nobody can tell, and the control is V(manual).
    type: list
    elements: str
    default: []
  allowed_bases:
    description:
      - Base images that are allowed, as they are written in FROM. Shell patterns, such as
        V(registry.example.com/base/*).
      - Without it, nobody can tell, and the control is V(manual).
    type: list
    elements: str
    default: []
  require_digest:
    description:
      - Judge whether images are pinned by digest.
    type: bool
    default: false
  hadolint:
    description:
      - V(auto) runs C(hadolint) where it is installed, V(required) fails without it, V(off) never runs it.
      - It looks for its configuration at O(root), and respects its own comments.
    type: str
    choices: [auto, required, 'off']
    default: auto
  hadolint_path:
    description:
      - The program, by name or path.
    type: str
    default: hadolint
  hadolint_config:
    description:
      - The configuration of C(hadolint).
    type: path
  snapshot:
    description:
      - Judge these facts, as O(include_snapshot) returned them, and read no file.
    type: dict
  target:
    description:
      - The name of what was audited in findings. C({{ inventory_hostname }}) is what reports expect.
    type: str
    default: dockerfiles
"""

EXAMPLES = r"""
- name: Audit the Dockerfiles of a repository
  bulkhead.container_security.dockerfile_audit:
    paths: [.]
    target: "{{ inventory_hostname }}"
    allowed_registries: [registry.example.com, docker.io/library]
    require_digest: true
  register: audit

- name: Audit a Dockerfile that a template made
  bulkhead.container_security.dockerfile_audit:
    content: "{{ lookup('ansible.builtin.template', 'Dockerfile.j2') }}"
    content_name: templates/Dockerfile.j2
    build_args:
      VERSION: 1.2.3
    hadolint: 'off'
    overrides:
      # Only Kubernetes runs it.
      dockerfile.file.healthcheck:
        enabled: false
"""

RETURN = r"""
findings:
  description: What the controls say of each subject, and what hadolint says. Passes are left out unless asked for.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: Id of the control, C(hadolint.) and the rule for those of hadolint.
      type: str
      sample: dockerfile.run.piped
    references:
      description: The same matter in benchmarks.
      type: list
      elements: dict
    title:
      description: What is wanted.
      type: str
    severity:
      description: One of V(critical), V(high), V(medium), V(low), V(info).
      type: str
    status:
      description:
        - One of V(fail), V(pass), V(waived), V(not_applicable), V(manual), V(error). A file that cannot be read or that
          Docker would refuse is one error.
      type: str
    target:
      description: The name of what was audited.
      type: str
    subject:
      description: Kind and name of what was judged, its file and line.
      type: dict
      sample: {kind: run, name: app/Dockerfile RUN 5e0c3f3b8d1a, file: app/Dockerfile, line: '12'}
    expected:
      description: The operator and its operand.
      type: dict
    actual:
      description: What was found. Secrets are shown as fingerprints.
      type: raw
    evidence:
      description: The line, and the instruction without secrets.
      type: raw
    reason:
      description: Why it is neither a pass nor a failure.
      type: str
    remediation:
      description: What to do.
      type: str
    fingerprint:
      description: Names the finding, the same in every run.
      type: str
    waiver:
      description: The comment in the file that accepts it, as C(id), C(owner), C(reason) and C(expires).
      type: dict
    drift:
      description: Always null here. M(bulkhead.container_security.audit_report) sets it.
      type: str
messages:
  description: What fails or could not be judged, a line each, in the order of files and lines.
  returned: success
  type: list
  elements: str
  sample: ['app/Dockerfile:12: high dockerfile.run.piped: Nothing that was just fetched is run unseen']
waivers:
  description:
    - What comments in the files accept. Hand it over to the option C(waivers) of
      M(bulkhead.container_security.audit_report), for a report judges by the waivers that it is given alone.
  returned: success
  type: list
  elements: dict
summary:
  description: Counts of the findings, passes included, and of failures by severity.
  returned: success
  type: dict
  sample: {status: {pass: 210, fail: 3}, severity: {critical: 1, high: 0, medium: 2}, controls: 55}
controls:
  description:
    - Ids of the controls that judged the files, so that a report can tell what is resolved from what was not looked at.
  returned: success
  type: list
  elements: str
  sample: [dockerfile.file.user, dockerfile.run.piped]
collected_at:
  description: When the files were read, in UTC.
  returned: success
  type: str
  sample: '2026-01-01T00:00:00Z'
versions:
  description: The version of hadolint, where it was run.
  returned: success
  type: dict
target:
  description: The name of what was audited.
  returned: success
  type: str
snapshot:
  description: The facts that were judged.
  returned: when O(include_snapshot) is true
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import ControlError
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.evaluate import HAS_JMESPATH
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.options import audit_argument_spec
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.audit import audit
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.errors import DockerfileError


def argument_spec() -> dict[str, dict[str, Any]]:
    """The module's options, as documented above."""
    texts: dict[str, Any] = {"type": "list", "elements": "str", "default": []}
    return {
        **audit_argument_spec(),
        "paths": {"type": "list", "elements": "path", "default": []},
        "patterns": texts,
        "exclude": texts,
        "root": {"type": "path"},
        "content": {"type": "str"},
        "content_name": {"type": "str", "default": "Dockerfile"},
        "build_args": {"type": "dict", "default": {}},
        "stage": {"type": "str"},
        "audit_context": {"type": "bool", "default": True},
        "context": {"type": "path"},
        "context_max_files": {"type": "int", "default": 50000},
        "context_max_mb": {"type": "int", "default": 200},
        "allowed_registries": texts,
        "allowed_bases": texts,
        "require_digest": {"type": "bool", "default": False},
        "hadolint": {"type": "str", "choices": ["auto", "required", "off"], "default": "auto"},
        "hadolint_path": {"type": "str", "default": "hadolint"},
        "hadolint_config": {"type": "path"},
        "snapshot": {"type": "dict"},
        "target": {"type": "str", "default": "dockerfiles"},
    }


def main() -> None:
    """Audit, and say in one sentence what stood in the way where it cannot be done."""
    module = AnsibleModule(
        argument_spec=argument_spec(),
        supports_check_mode=True,
        mutually_exclusive=[["snapshot", "snapshot_path", "content"], ["snapshot", "snapshot_path", "context"]],
        required_one_of=[["paths", "content", "snapshot", "snapshot_path"]],
    )
    if not HAS_JMESPATH:
        module.fail_json(msg=missing_required_lib("jmespath"))
    try:
        result = audit(module.params, module.tmpdir)
    except (ControlError, DockerfileError) as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
