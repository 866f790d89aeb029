# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules whose option `definitions` may hold Secrets, or secrets in plain text."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule


class DiscreetModule(AnsibleModule):
    """A module whose definitions may hold Secrets, and are neither logged nor returned with the other options.

    Marking them as no_log would blank every name and namespace in the result as well.
    """

    def shown_options(self) -> dict[str, Any]:
        """The options as anybody may see them."""
        given = self.params.get("definitions")
        return {**self.params, "definitions": None if given is None else "not shown, they may hold Secrets"}

    def _log_invocation(self) -> None:
        """What Ansible writes to the system's log."""
        params, self.params = self.params, self.shown_options()
        super()._log_invocation()  # type: ignore[no-untyped-call]
        self.params = params

    def _return_formatted(self, kwargs: dict[str, Any]) -> None:
        """What -vvv shows, and what a callback may store."""
        shown = {"invocation": {"module_args": self.shown_options()}, **kwargs}
        super()._return_formatted(shown)  # type: ignore[no-untyped-call]
