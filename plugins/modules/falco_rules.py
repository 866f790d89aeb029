#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check Falco's rules, and install them."""

from __future__ import annotations

DOCUMENTATION = r"""
module: falco_rules
short_description: Check Falco's rules as Falco would, without Falco, and install them
version_added: 0.3.0
description:
  - Checks files of rules as Falco's engine does. YAML and its keys, conditions in their full grammar, the fields and
    event types, operators and values by the type of a field, outputs, macros and lists, what appends to or replaces
    earlier items, exceptions, priorities, sources, and the versions that a file requires.
  - Says for each issue the file, line and column, and where it can what was probably meant. The codes are Falco's own,
    those that begin with C(BULKHEAD_) are of what Falco takes without a word though it never matches.
  - Estimates what each rule costs, from the events that Falco must evaluate it for.
  - Needs no Falco, so that it works on the controller and in CI. Where Falco is on the target, C(falco -V) has the last
    word before files are put in its folder.
  - Files are put in place whole and all together. The set before them is kept beside the folder.
author: Bulkhead contributors (@bulkhead-security)
requirements:
  - PyYAML (on the target)
options:
  rules:
    description: The files of rules.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - Name of the file in O(dest), which Falco loads in the order of their names.
          - Without it, that of O(rules[].src).
        type: str
      content:
        description: The text of the file.
        type: str
      src:
        description: A file on the target, or a folder, of which the files that end in C(.yaml) or C(.yml) are taken.
        type: path
  base:
    description:
      - Files, or folders of files, on the target that Falco loads before, such as C(/etc/falco/falco_rules.yaml), whose
        macros and lists the rules use.
      - They are neither installed nor warned of.
    type: list
    elements: path
    default: []
  state:
    description:
      - V(checked) only checks.
      - V(present) checks the files together with what else is in O(dest), and installs them.
      - V(absent) removes the files from O(dest).
    type: str
    choices: [checked, present, absent]
    default: checked
  dest:
    description: The folder from which Falco loads rules. The set before the last change is kept in C(DEST.previous).
    type: path
    default: /etc/falco/rules.d
  exclusive:
    description: Whether O(dest) holds these files and no others. Others are removed.
    type: bool
    default: false
  falco_version:
    description: The version of Falco that the rules are for.
    type: str
    choices: ['0.43', '0.44']
    default: '0.43'
  plugins:
    description:
      - The plugins that Falco loads, which decide on the fields and sources there are.
      - Without it, every plugin of the Falco project is taken to be there.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the plugin, such as V(container) or V(k8saudit).
        type: str
        required: true
      version:
        description: Its version, to be compared with what files require. Without it, it is taken to be new enough.
        type: str
  ignore:
    description: Codes of warnings that are not to be told, such as V(LOAD_UNUSED_MACRO). Errors cannot be ignored.
    type: list
    elements: str
    default: []
  fail_on:
    description:
      - When the task fails. V(error) is what Falco would not load, V(warning) anything. V(never) leaves it to
        M(bulkhead.container_security.audit_report).
      - With O(state=present), errors fail in any case.
    type: str
    choices: [error, warning, never]
    default: error
  falco:
    description:
      - The program that checks the rules once more before they are installed, by its name or path. Where it is not
        there, that is left out. An empty text leaves it out always.
    type: str
    default: falco
  falco_config:
    description: The configuration with which O(falco) checks. By default its own.
    type: path
  target:
    description: The name of what is audited, in findings.
    type: str
    default: falco
attributes:
  check_mode:
    support: full
    description: Checks, asks Falco, and predicts the same changes.
  diff_mode:
    support: full
    description: Shows the files that change, before and after.
  idempotent:
    support: full
    description: Files that are as they should be are not written again.
"""

EXAMPLES = r"""
- name: Check rules in CI, before they are merged
  bulkhead.container_security.falco_rules:
    rules:
      - src: "{{ playbook_dir }}/falco/rules"
    base: ["{{ playbook_dir }}/falco/falco_rules.yaml"]
    fail_on: warning
  delegate_to: localhost

- name: Install rules of ours beside those of Falco
  bulkhead.container_security.falco_rules:
    state: present
    base: [/etc/falco/falco_rules.yaml]
    plugins:
      - name: container
        version: 0.4.1
    rules:
      - name: 10-shop.yaml
        content: "{{ lookup('ansible.builtin.file', 'shop_rules.yaml') }}"
  become: true

- name: Report what is wrong with rules beside the other findings
  bulkhead.container_security.falco_rules:
    rules:
      - src: /etc/falco/rules.d
    base: [/etc/falco/falco_rules.yaml]
    fail_on: never
    target: "{{ inventory_hostname }}"
  register: falco_rules

- name: Remove them
  bulkhead.container_security.falco_rules:
    state: absent
    rules:
      - name: 10-shop.yaml
  become: true
"""

RETURN = r"""
valid:
  description: Whether Falco would load the rules.
  returned: unless O(state=absent)
  type: bool
issues:
  description: What is wrong, in the order of files and lines.
  returned: unless O(state=absent)
  type: list
  elements: dict
  contains:
    code:
      description: Falco's code, or one of ours.
      type: str
      sample: LOAD_ERR_COMPILE_CONDITION
    severity:
      description: V(error) for what Falco would not load, otherwise V(warning).
      type: str
    file:
      description: The file.
      type: str
    line:
      description: The line, counted from 1.
      type: int
    column:
      description: The column, counted from 1.
      type: int
    item:
      description: The rule, macro or list.
      type: str
      sample: "rule: Shell in the shop"
    message:
      description: What is wrong.
      type: str
      sample: there is no field proc.nam for the source syscall
    suggestion:
      description: What to do, or nothing.
      type: str
      sample: did you mean proc.name?
rules:
  description: The rules of the files, as Falco would run them.
  returned: unless O(state=absent)
  type: list
  elements: dict
  contains:
    name:
      description: Name of the rule.
      type: str
    file:
      description: The file that defines it.
      type: str
    source:
      description: The source of its events.
      type: str
    priority:
      description: Its priority, in lower case.
      type: str
    enabled:
      description: Whether it is enabled.
      type: bool
    tags:
      description: Its tags.
      type: list
      elements: str
    cost:
      description: V(low), V(medium) or V(high); nothing for a source other than V(syscall).
      type: str
    cost_reason:
      description: Why.
      type: str
    event_types:
      description: The types of events that it is evaluated for, null for all of them.
      type: list
      elements: str
findings:
  description: The issues as findings for M(bulkhead.container_security.audit_report).
  returned: unless O(state=absent)
  type: list
  elements: dict
summary:
  description: Counts of the findings.
  returned: unless O(state=absent)
  type: dict
controls:
  description: Ids of the controls that judged the rules.
  returned: unless O(state=absent)
  type: list
  elements: str
target:
  description: The name of what was audited.
  returned: unless O(state=absent)
  type: str
falco:
  description: What Falco itself said. C(asked) tells whether it was there to be asked.
  returned: O(state=present), unless our own check failed
  type: dict
  sample: {program: /usr/bin/falco, asked: true, errors: []}
files:
  description: The files that were V(created), V(changed) or V(removed), or in check mode would be.
  returned: O(state=present) and O(state=absent), on success
  type: list
  elements: dict
  sample: [{path: /etc/falco/rules.d/10-shop.yaml, action: created}]
previous:
  description: Where the set before this change is kept; empty when nothing changed.
  returned: O(state=present) and O(state=absent), on success
  type: str
  sample: /etc/falco/rules.d.previous
"""

import gc
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.document import HAS_YAML
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import GRAMMARS
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.folder import RulesTaskError
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.run import run


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; DOCUMENTATION describes them."""
    file = {"name": {"type": "str"}, "content": {"type": "str"}, "src": {"type": "path"}}
    plugin = {"name": {"type": "str", "required": True}, "version": {"type": "str"}}
    return {
        "rules": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": file,
            "mutually_exclusive": [["content", "src"]],
        },
        "base": {"type": "list", "elements": "path", "default": []},
        "state": {"type": "str", "choices": ["checked", "present", "absent"], "default": "checked"},
        "dest": {"type": "path", "default": "/etc/falco/rules.d"},
        "exclusive": {"type": "bool", "default": False},
        "falco_version": {"type": "str", "choices": list(GRAMMARS), "default": "0.43"},
        "plugins": {"type": "list", "elements": "dict", "options": plugin},
        "ignore": {"type": "list", "elements": "str", "default": []},
        "fail_on": {"type": "str", "choices": ["error", "warning", "never"], "default": "error"},
        "falco": {"type": "str", "default": "falco"},
        "falco_config": {"type": "path"},
        "target": {"type": "str", "default": "falco"},
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    if not HAS_YAML:
        module.fail_json(msg=missing_required_lib("PyYAML"))
    # The trees of conditions are tens of thousands of objects that live to the end: looking for garbage among them
    # would take a quarter of the time.
    gc.disable()
    try:
        outcome = run(module.params, check=module.check_mode, temporary=module.tmpdir)
    except RulesTaskError as exc:
        module.fail_json(msg=str(exc))
    for warning in outcome.warnings:
        module.warn(warning)
    if outcome.failure:
        module.fail_json(msg=outcome.failure, **outcome.result)
    module.exit_json(**outcome.result)


if __name__ == "__main__":
    main()
