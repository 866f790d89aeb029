#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: container_evidence
short_description: Take sealed evidence of containers and pods before they are gone
version_added: 0.3.0
description:
  - Copies what is known of Docker containers and Kubernetes pods into a folder of its own for each of them, sealed with
    the SHA-256 of every file, and with a chain of custody that tells who did what with it and when.
  - Of a container that is the processes (program and its hash, command, open files, code that is of no file), sockets,
    namespaces, control groups with the limits that were hit, mounts, resource use, configuration, log, changed files
    and image.
  - Of a pod that is the object, its events, owners and node, the network policies that select it, what its
    ServiceAccount may do, and the logs of its containers, present and previous. All of it comes through the API server.
  - Nothing is run in the container, and nothing of it changes but for O(pause).
  - Values of environment variables are kept as fingerprints. Secrets in commands, labels and annotations are masked.
    Logs, changed files and what O(capture) records are kept as they are, and may hold secrets. Folders are for their
    owner only.
  - A part that cannot be taken is recorded with the reason, and the rest goes on. A run that is killed leaves nothing
    that passes for evidence.
author: Bulkhead contributors (@bulkhead-security)
extends_documentation_fragment:
  - bulkhead.container_security.k8s
options:
  folder:
    description: Holds the sets of evidence, on the target. Where it is missing, it is made with mode 0700.
    type: path
    required: true
  state:
    description:
      - V(present) takes the evidence that is not there yet. The same container or pod has one set in a O(case).
      - V(verified) computes all hashes again, and fails where anything is not as it was sealed.
    type: str
    choices: [present, verified]
    default: present
  case:
    description: The case that the evidence is for, such as V(INC-2042). Needed for O(state=present).
    type: str
  reason:
    description: Why it is taken, for the record.
    type: str
  investigator:
    description: The person on whose behalf it is taken, for the record.
    type: str
  controller:
    description: The machine that Ansible runs on, for the record.
    type: str
  containers:
    description: Docker containers on the target.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The exact name.
        type: str
      id:
        description: The id, or 12 and more digits of it. Beside a name, both must be of the same container.
        type: str
      upload_url:
        description:
          - Send the archive of the evidence there by C(PUT). It is an C(https) URL that a store such as S3 has signed
            in advance for this object.
        type: str
  pods:
    description: Pods of a cluster.
    type: list
    elements: dict
    default: []
    suboptions:
      namespace:
        description: The namespace.
        type: str
        required: true
      name:
        description: The name.
        type: str
        required: true
      uid:
        description: The uid. A pod of the same name with another one is refused.
        type: str
      upload_url:
        description: As for O(containers[].upload_url).
        type: str
  docker_host:
    description:
      - The socket of the Docker Engine of the target. Processes are only seen on the host of the engine itself.
    type: str
    default: unix:///var/run/docker.sock
  pod_containers:
    description:
      - The target is the node of O(pods) and Docker runs their containers, so take these as well, found by their ids.
    type: bool
    default: false
  pause:
    description: Pause a container while its evidence is taken. It goes on afterwards. One that was paused stays so.
    type: bool
    default: false
  keep_paused:
    description: Leave it paused. Needs O(pause=true).
    type: bool
    default: false
  parts:
    description:
      - What to take. Everything, where it is not given.
      - Those from V(processes) to V(image) are of containers, V(logs) and those from V(pod) on are of pods.
    type: list
    elements: str
    choices:
      - processes
      - sockets
      - confinement
      - stats
      - inspect
      - logs
      - files
      - image
      - pod
      - events
      - owners
      - node
      - network_policies
      - access
  log_lines:
    description: How many of the last lines of a log are taken.
    type: int
    default: 10000
  log_mb:
    description: MiB of each log at most.
    type: int
    default: 50
  max_files:
    description: How many changed files are taken at most. The index names the others.
    type: int
    default: 500
  max_file_mb:
    description: MiB of one changed file at most. Larger ones are left out.
    type: int
    default: 10
  max_files_mb:
    description: MiB of all changed files of a container at most.
    type: int
    default: 200
  min_free_mb:
    description:
      - MiB that must stay free in O(folder). Nothing is begun with less, and parts that would need it are left out.
    type: int
    default: 1024
  capture:
    description:
      - Record what a container does, for a time. It comes last, after a pause has ended.
      - The program must be installed on the target.
    type: dict
    suboptions:
      tool:
        description: V(tcpdump) records its network, V(sysdig) its system calls.
        type: str
        choices: [tcpdump, sysdig]
        default: tcpdump
      seconds:
        description: For how long.
        type: float
        default: 30.0
      max_mb:
        description: MiB at most. The recording ends there.
        type: int
        default: 100
      filter:
        description: An expression of the program that says what to record, such as V(port 53).
        type: str
  archive:
    description: Make a compressed archive of each set beside its folder, to carry it elsewhere.
    type: bool
    default: false
  upload_ca_path:
    description: PEM file of the authority of the store, where it is none that the system trusts.
    type: path
  sets:
    description: The names of the sets to verify. All below O(folder), where none is given.
    type: list
    elements: str
    default: []
  expected:
    description:
      - For O(state=verified), RV(evidence[].manifest_sha256) by the name of the set, as it was kept elsewhere.
      - Whoever can write the folder can seal it anew, and only this tells.
    type: dict
    default: {}
  handover:
    description:
      - For O(state=verified), record in the chain of custody of each set that something was done with it, such as
        V(copied to the archive of the security team).
    type: str
attributes:
  check_mode:
    description: Says what would be taken, and takes nothing.
    support: full
  diff_mode:
    description: What is new are whole folders.
    support: none
  idempotent:
    description: What was taken for a case is not taken again, even where its container has gone since.
    support: full
notes:
  - Containers need nothing but Python on the target, as root. The library C(kubernetes) is needed for O(pods).
  - Hashes prove that evidence is what was sealed, not that a compromised host told the truth when it was taken.
"""

EXAMPLES = r"""
- name: Freeze a container and keep everything about it
  bulkhead.container_security.container_evidence:
    folder: /var/lib/bulkhead/forensics
    case: INC-2042
    reason: Falco saw a shell in it
    investigator: alice
    containers:
      - name: web
    pause: true
    archive: true
  register: taken

- name: Take a pod before it is deleted, and only this one
  bulkhead.container_security.container_evidence:
    folder: /srv/forensics
    case: INC-2042
    kubeconfig: ~/.kube/investigator
    pods:
      - namespace: shop
        name: web-6d4cf56db6-x2lqj
        uid: 0b2c4f6e-8a0c-4e2f-9b1d-3c5e7f9a1b2d
  delegate_to: localhost

- name: Is it all as it was sealed?
  bulkhead.container_security.container_evidence:
    folder: /var/lib/bulkhead/forensics
    state: verified
    expected:
      INC-2042-container-web-4c01db0b339c: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
"""

RETURN = r"""
evidence:
  description: A set for each subject, in the order of O(containers) and O(pods), or of their names when verifying.
  returned: always, unless the options could not be used
  type: list
  elements: dict
  contains:
    subject:
      description: The container or pod.
      returned: when O(state=present)
      type: dict
    action:
      description: V(taken), V(present) where it was taken before, or V(failed).
      returned: when O(state=present)
      type: str
    message:
      description: Why it failed.
      returned: when O(state=present)
      type: str
    path:
      description: The folder.
      type: str
    manifest_sha256:
      description: The hash of the manifest. Keep it elsewhere, it is the proof.
      type: str
    parts:
      description: Each part with V(taken), V(partial), V(skipped) or V(error), the reason, and the seconds it took.
      returned: when O(state=present), not in check mode
      type: list
      elements: dict
      sample:
        - {name: container/processes, status: taken, reason: "", seconds: 0.012}
    wanted_parts:
      description: What would be taken.
      returned: in check mode
      type: list
      elements: str
    files:
      description: How many files there are in it.
      returned: when O(state=present), not in check mode
      type: int
    bytes:
      description: How large they are together.
      returned: when O(state=present), not in check mode
      type: int
    archive:
      description: The archive.
      returned: when there is one
      type: str
    archive_sha256:
      description: Its hash.
      returned: when there is one
      type: str
    uploaded:
      description: Where it was sent, without the signature.
      returned: when it was
      type: str
    problems:
      description: What is not as it was sealed.
      returned: when O(state=verified)
      type: list
      elements: str
    custody_head:
      description: The hash of the last record of custody.
      returned: when O(state=verified)
      type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import ForensicsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.options import argument_spec
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.run import run
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import (
    MUTUALLY_EXCLUSIVE,
    REQUIRED_TOGETHER,
    require_kubernetes,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec(),
        supports_check_mode=True,
        mutually_exclusive=MUTUALLY_EXCLUSIVE,
        required_together=REQUIRED_TOGETHER,
    )
    if module.params["pods"] and module.params["state"] == "present":
        require_kubernetes(module)
    try:
        result, failure = run(module.params, check=module.check_mode)
    except (ForensicsError, DockerError, K8sError) as exc:
        module.fail_json(msg=str(exc))
    for warning in result.pop("warnings", ()):
        module.warn(warning)
    if failure:
        module.fail_json(msg=failure, **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
