# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that every audit module of ours has in common."""

from __future__ import annotations


class ModuleDocFragment:
    """The documentation fragment `bulkhead.container_security.audit`."""

    DOCUMENTATION = r"""
options:
  sections:
    description:
      - Judge only by these sections of the benchmark. V(5) holds V(5.1), and so on.
    type: list
    elements: str
    default: []
  select:
    description:
      - Judge only by the controls with these ids. V(*) stands for any text, as in V(*.image.*).
    type: list
    elements: str
    default: []
  skip:
    description:
      - Leave out the controls with these ids, as in O(select).
    type: list
    elements: str
    default: []
  controls:
    description:
      - Controls of your own, in the same form as ours. See the guide for the facts that they can read.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: A name that no other control has.
        type: str
        required: true
      title:
        description: What is wanted, as a short sentence.
        type: str
        required: true
      scope:
        description: What it is about, the scope of some control in the catalogue.
        type: str
        required: true
      severity:
        description: How bad a failure is.
        type: str
        required: true
        choices: [critical, high, medium, low, info]
      actual:
        description: A JMESPath over the facts of one subject.
        type: str
      expected:
        description: 'One operator and its operand, such as C({equals: false}).'
        type: dict
      when:
        description: A JMESPath. The control does not apply to a subject for which it gives nothing, or false.
        type: str
      evidence:
        description: A JMESPath to facts that belong into the finding.
        type: str
      manual:
        description: Instead of O(controls[].actual) and O(controls[].expected), why only a human can judge it.
        type: str
      not_applicable:
        description: Why there may be nothing that the control applies to.
        type: str
      remediation:
        description: What to do about a failure.
        type: str
      rationale:
        description: Why it matters.
        type: str
      references:
        description: Dictionaries of C(benchmark), C(version) and C(id).
        type: list
        elements: dict
  overrides:
    description:
      - Changes to controls, by their id. Each is a dictionary of C(expected), C(severity) and C(enabled).
    type: dict
    default: {}
  include_passes:
    description:
      - Return the findings that are a pass, too.
    type: bool
    default: false
  include_snapshot:
    description:
      - Return the facts that were judged, too. Store them and they can be judged again with O(snapshot).
    type: bool
    default: false
  snapshot_path:
    description:
      - As O(snapshot), from a JSON file on the target.
    type: path
"""
