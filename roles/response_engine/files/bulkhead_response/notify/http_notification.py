# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How every notification over HTTP runs."""

from __future__ import annotations

from bulkhead_response.alert import Alert
from bulkhead_response.notify.secret_file import Unusable
from bulkhead_response.outcome import FAILED, WOULD_DO, Outcome
from bulkhead_response.step import Context


class HttpNotification:
    """What notifications over HTTP share. A subclass says in `tell` what is sent, and judges the answer."""

    whom: str = ""

    async def tell(self, alert: Alert, context: Context) -> Outcome:
        """Send it. Unusable and Unreachable may be raised."""
        raise NotImplementedError

    async def run(self, alert: Alert, context: Context) -> Outcome:
        """Unreachable is left to the caller, who tries again with the same key."""
        if context.dry_run:
            return Outcome(WOULD_DO, f"{self.whom} would be told")
        try:
            return await self.tell(alert, context)
        except Unusable as error:
            return Outcome(FAILED, str(error))
