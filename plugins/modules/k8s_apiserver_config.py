#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_apiserver_config
short_description: Change the configuration of a Kubernetes API server, and prove that it took effect
version_added: 0.2.0
description:
  - Brings declared flags of C(kube-apiserver), and the files that they name, into effect on a host of the control
    plane, where kubeadm runs the API server as a static pod, or k3s runs it. Whatever is not declared stays as it is,
    comments in the files included.
  - Refuses before anything is touched what the API server would not start with - flags and admission plugins that its
    release does not know or no longer knows, values of the wrong type, files that are not valid or not there - and
    what would lock everybody out.
  - Adds to the static pod what a flag needs, such as the mounts of its files.
  - Files are replaced in one step, with a backup outside of the folder of manifests. When the API server does not run
    with the new configuration and answer, everything goes back, the API server is waited for, and the task fails with
    what the API server said last.
  - A run that was cut off at any moment is completed, or taken back, by the next one.
  - Asks the API server without credentials, and needs none.
attributes:
  check_mode:
    support: full
    description: Predicts what a run would do, every refusal included.
  diff_mode:
    support: full
    description: Shows all files before and after, with fingerprints in the place of secrets.
  idempotent:
    support: full
    description: A second run with the same options changes nothing.
options:
  state:
    description:
      - V(present) brings what is declared into effect.
      - V(absent) takes back everything that this module changed, whatever else is declared. What others have
        changed since stays. While Secrets are encrypted that is refused.
    type: str
    choices: [present, absent]
    default: present
  installation:
    description:
      - How the API server is run, by the kubelet from a manifest (V(static_pod), as with kubeadm) or by V(k3s).
      - V(auto) finds out.
    type: str
    choices: [auto, static_pod, k3s]
    default: auto
  path:
    description:
      - The manifest, by default C(/etc/kubernetes/manifests/kube-apiserver.yaml), or the configuration of k3s, by
        default C(/etc/rancher/k3s/config.yaml). Where a file in C(config.yaml.d) holds the flags, that is changed.
    type: path
  flags:
    description:
      - Flags of C(kube-apiserver) by their name, without dashes before it, such as C(audit-log-maxage).
      - Lists and dicts are joined as the flag wants it; a dict for a flag such as C(feature-gates) is merged into what
        is there. A value of V(null) takes the flag away.
    type: dict
  enable_admission_plugins:
    description:
      - Admission plugins that must be enabled, added to those that are.
    type: list
    elements: str
  disable_admission_plugins:
    description:
      - Admission plugins that must be disabled, added to those that are.
    type: list
    elements: str
  files:
    description:
      - Files that the API server reads. Each is checked, written readable by the API server alone, named to it by its
        flag, and mounted into its pod.
    type: list
    elements: dict
    suboptions:
      flag:
        description:
          - The flag that names the file, such as C(audit-policy-file). A file that another file names has none.
        type: str
      path:
        description:
          - Where the file goes. By default a file named after its flag, below O(config_dir).
        type: path
      content:
        description:
          - What the file holds, as text or as data.
        type: raw
      secret_content:
        description:
          - The same as text, for a file with a secret in it, such as the kubeconfig of a webhook with a token.
        type: str
  encryption:
    description:
      - Encryption of objects at rest. Keys are made on the host where they are not given, and shown nowhere.
      - To replace a key, declare another O(encryption.key_name). The keys that are there still read.
    type: dict
    suboptions:
      provider:
        description:
          - What writes. V(identity) does not encrypt, and is the way to decrypt everything again.
        type: str
        choices: [secretbox, aescbc, aesgcm, identity]
        default: secretbox
      key_name:
        description:
          - Name of the key that writes.
        type: str
        default: key1
      resources:
        description:
          - What is encrypted.
        type: list
        elements: str
        default: [secrets]
      phase:
        description:
          - V(read) makes the key known, after which every API server of the cluster can read what it will write.
          - V(write) lets it write. On a cluster with several API servers, that is safe only after V(read) on all.
          - V(retire) takes the other keys away. Only safe after everything has been written anew, as
            M(bulkhead.container_security.k8s_reencrypt) does.
        type: str
        choices: [read, write, retire]
        default: write
      secrets:
        description:
          - Keys by their name, as base64 of 32 bytes, where all hosts of the control plane get them from a vault.
        type: dict
      like:
        description:
          - The text of another host's EncryptionConfiguration, to take keys from that are not here.
        type: str
  anonymous_probes:
    description:
      - What to do about the kubelet's HTTP probes where anonymous access is switched off, which they need.
      - V(refuse) changes nothing and says so. V(tcp) replaces them by probes that are content with an open port.
    type: str
    choices: [refuse, tcp]
    default: refuse
  kubernetes_version:
    description:
      - Release of the API server, such as V(1.28), where it can be told neither from the image nor from the server.
    type: str
  address:
    description:
      - Where the API server of this host answers, as C(host:port), where its flags do not tell.
    type: str
  config_dir:
    description:
      - Folder for the files. By default C(/etc/kubernetes/bulkhead) or C(/var/lib/rancher/k3s/server/bulkhead).
    type: path
  service:
    description:
      - Name of the systemd unit that runs k3s.
    type: str
    default: k3s
  restart_command:
    description:
      - Command that restarts k3s and ends when that is done, for hosts without systemd. No shell runs it.
    type: list
    elements: str
  log_files:
    description:
      - Patterns of the API server's log files, to quote from when it does not come up.
    type: list
    elements: path
  health_timeout:
    description:
      - Seconds until the API server must answer with its new configuration.
    type: float
    default: 300.0
  state_dir:
    description:
      - Folder for backups and for the memory of what was changed, readable by its owner alone.
    type: path
    default: /var/lib/bulkhead
  backup_count:
    description:
      - How many copies of the configuration to keep.
    type: int
    default: 5
notes:
  - C(kubeadm upgrade) writes the manifest anew from its own configuration. Run this afterwards, or give the same flags
    to kubeadm, too.
  - Needs the Python library PyYAML on the host.
  - Change the hosts of a control plane one after the other (C(throttle) of the task), so that one always answers.
seealso:
  - module: bulkhead.container_security.k8s_reencrypt
author:
  - Bulkhead contributors (@bulkhead-security)
"""

EXAMPLES = r"""
- name: See what would change
  bulkhead.container_security.k8s_apiserver_config:
    flags:
      profiling: false
      audit-log-maxage: 30
    enable_admission_plugins: [NodeRestriction, AlwaysPullImages]
  check_mode: true
  diff: true

- name: Write an audit log
  bulkhead.container_security.k8s_apiserver_config:
    flags:
      audit-log-path: /var/log/kubernetes/audit/audit.log
      audit-log-maxbackup: 10
    files:
      - flag: audit-policy-file
        content:
          apiVersion: audit.k8s.io/v1
          kind: Policy
          rules:
            - level: Metadata
  throttle: 1

- name: Encrypt Secrets at rest
  bulkhead.container_security.k8s_apiserver_config:
    encryption:
      provider: secretbox
      key_name: key1
  register: encrypted

- name: Take back everything that this module changed
  bulkhead.container_security.k8s_apiserver_config:
    state: absent
"""

RETURN = r"""
config_file:
  description: The manifest, or the configuration of k3s.
  returned: success
  type: str
  sample: /etc/kubernetes/manifests/kube-apiserver.yaml
installation:
  description: How the API server is run.
  returned: success
  type: str
  sample: static_pod
kubernetes_version:
  description: The release whose flags were checked against.
  returned: success
  type: str
  sample: "1.28"
cluster_authority:
  description:
    - Fingerprint of the authority that signs client certificates, which all API servers of one cluster share.
    - V(null) where it cannot be read.
  returned: success
  type: str
plan:
  description: What changed, or would in check mode.
  returned: success
  type: dict
  contains:
    flags:
      description: Each C(flag) that changes, with its values C(before) and C(after), V(null) where it is not given.
      type: list
      elements: dict
    files:
      description:
        - The C(path) of each file that changes, and the C(change), V(created), V(changed), V(mode) or V(removed).
      type: list
      elements: dict
    mounts:
      description: Paths of the host that the pod gets.
      type: list
      elements: str
    probes:
      description: Probes of the pod that change.
      type: list
      elements: str
    restart:
      description: Whether the API server is started anew.
      type: bool
in_effect:
  description:
    - Whether the running API server was started with what the manifest says. V(null) where that cannot be told.
  returned: success
  type: bool
reencrypt:
  description: Whether objects may be stored that another key wrote, or none, so that they should be written anew.
  returned: success
  type: bool
encryption_file:
  description: The EncryptionConfiguration.
  returned: when O(encryption) is declared
  type: str
still_encrypted:
  description: Whether the task failed because Secrets are encrypted, and would become unreadable.
  returned: failure
  type: bool
backup_file:
  description: The copy of the configuration as it was before.
  returned: when a copy was made
  type: str
"""

import os
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.apply import carry_out, recover
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.declaration import (
    ENCRYPTION,
    declare,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.k3s_config import (
    without_secrets,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.plan import Plan, plan_present
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.plan_absent import (
    StillEncrypted,
    plan_absent,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.record import one_run_at_a_time
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.restart import Restart
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.situation import (
    Situation,
    look,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.yaml_text import HAS_YAML
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

_FILE = {
    "flag": {"type": "str"},
    "path": {"type": "path"},
    "content": {"type": "raw"},
    "secret_content": {"type": "str", "no_log": True},
}
_ENCRYPTION = {
    "provider": {
        "type": "str",
        "choices": ["secretbox", "aescbc", "aesgcm", "identity"],
        "default": "secretbox",
    },
    "key_name": {"type": "str", "default": "key1", "no_log": False},
    "resources": {"type": "list", "elements": "str", "default": ["secrets"]},
    "phase": {"type": "str", "choices": ["read", "write", "retire"], "default": "write"},
    "secrets": {"type": "dict", "no_log": True},
    "like": {"type": "str", "no_log": True},
}


def argument_spec() -> dict[str, dict[str, Any]]:
    """The module's options; DOCUMENTATION says what they mean."""
    return {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "installation": {"type": "str", "choices": ["auto", "static_pod", "k3s"], "default": "auto"},
        "path": {"type": "path"},
        "flags": {"type": "dict"},
        "enable_admission_plugins": {"type": "list", "elements": "str"},
        "disable_admission_plugins": {"type": "list", "elements": "str"},
        "files": {"type": "list", "elements": "dict", "options": _FILE},
        "encryption": {"type": "dict", "options": _ENCRYPTION},
        "anonymous_probes": {"type": "str", "choices": ["refuse", "tcp"], "default": "refuse"},
        "kubernetes_version": {"type": "str"},
        "address": {"type": "str"},
        "config_dir": {"type": "path"},
        "service": {"type": "str", "default": "k3s"},
        "restart_command": {"type": "list", "elements": "str"},
        "log_files": {"type": "list", "elements": "path"},
        "health_timeout": {"type": "float", "default": 300.0},
        "state_dir": {"type": "path", "default": "/var/lib/bulkhead"},
        "backup_count": {"type": "int", "default": 5},
    }


@dataclass(frozen=True)
class Done:
    """What there was, what was planned, whether an earlier run was completed, and the backup's path."""

    situation: Situation
    plan: Plan
    recovered: bool = False
    backup: str | None = None


def planned(params: dict[str, Any], situation: Situation) -> Plan:
    """What a run would change. Raises K8sError."""
    if params["state"] == "absent":
        return plan_absent(situation)
    return plan_present(params, situation, declare(params, situation))


def complete_earlier_run(params: dict[str, Any]) -> bool:
    """Complete, or take back, what a run that was cut off has left; whether there was such a run. Raises K8sError."""
    # A server that is down for it does not say its release, which does not matter here.
    unasked = {**params, "kubernetes_version": params["kubernetes_version"] or "1.0"}
    situation = look(unasked)
    if not situation.record.journal:
        return False
    with one_run_at_a_time(os.path.dirname(situation.path), float(params["health_timeout"])):
        # It may not have been cut off, but at work until now.
        return recover(params, look(unasked))


def run(params: dict[str, Any], check_mode: bool) -> Done:
    """Look, plan, and unless in check mode do it. Raises K8sError."""
    recovered = not check_mode and complete_earlier_run(params)
    situation = look(params)
    plan = planned(params, situation)
    if situation.record.journal:
        plan.warnings.append(
            "An earlier run was cut off; a run without check mode completes it, or takes it back, first"
        )
    if check_mode or not (plan.needed(situation) or plan.changes != situation.record.changes):
        return Done(situation, plan, recovered)
    with one_run_at_a_time(os.path.dirname(situation.path), float(params["health_timeout"])):
        # Another run may have been at work between the first look and the lock.
        situation = look(params)
        plan = planned(params, situation)
        if plan.needed(situation):
            return Done(situation, plan, recovered, carry_out(params, situation, plan))
        situation.record.save(plan.changes)
        return Done(situation, plan, recovered)


def result_of(params: dict[str, Any], done: Done) -> dict[str, Any]:
    """What the module returns."""
    situation, plan = done.situation, done.plan
    wanted: dict[str, Any] = (params["encryption"] or {}) if params["state"] == "present" else {}
    result: dict[str, Any] = {
        "changed": plan.needed(situation) or done.recovered,
        "config_file": situation.path,
        "installation": situation.installation,
        "kubernetes_version": ".".join(map(str, situation.release)),
        "cluster_authority": situation.cluster_authority,
        "plan": plan.as_dict(situation),
        "reencrypt": wanted.get("phase") == "write" and plan.writer != plan.changes["reencrypted"],
        "diff": [
            {
                "before_header": situation.path,
                "after_header": situation.path,
                "before": without_secrets(situation.text or ""),
                "after": without_secrets(plan.text or ""),
            },
            *(
                {
                    "before_header": each.path,
                    "after_header": each.path,
                    "before": each.shown_before,
                    "after": each.shown_after,
                }
                for each in plan.files
            ),
        ],
    }
    if done.backup:
        result["backup_file"] = done.backup
    if wanted:
        default = os.path.join(situation.config_dir, "encryption.yaml")
        result["encryption_file"] = (situation.flags.get(ENCRYPTION) or [default])[-1]
    return result


def main() -> None:
    """The module's entry point."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    params = module.params
    if not HAS_YAML:
        module.fail_json(msg=missing_required_lib("PyYAML"))
    try:
        done = run(params, module.check_mode)
        module.no_log_values.update(done.plan.secrets)
        in_effect = Restart(params, look(params)).in_effect()
    except K8sError as exc:
        module.fail_json(msg=str(exc), still_encrypted=isinstance(exc, StillEncrypted))
    for warning in done.plan.warnings:
        module.warn(warning)
    if in_effect is False and not module.check_mode:
        module.warn(f"No running API server was started with what {done.situation.path} says: does the kubelet run?")
    module.exit_json(**result_of(params, done), in_effect=in_effect)


if __name__ == "__main__":
    main()
