# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that does nothing: what Ansible costs before a module begins its own work."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: bench_empty
short_description: Do nothing
description:
  - Returns at once.
options:
  docker_host:
    description: Ignored, so that it takes the same arguments.
    type: str
author: Bulkhead contributors (@bulkhead-security)
"""
EXAMPLES = "- bench_empty:"
RETURN = "{}"


def main() -> None:
    """Return at once."""
    AnsibleModule(argument_spec={"docker_host": {"type": "str"}}, supports_check_mode=True).exit_json(changed=False)


if __name__ == "__main__":
    main()
