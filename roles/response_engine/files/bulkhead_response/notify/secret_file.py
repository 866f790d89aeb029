# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of notifications: each in a file of its own, read when it is needed, so that it may be renewed meanwhile."""

from __future__ import annotations

import os

from bulkhead_response.parameters import one_line

_LARGEST = 65536


class Unusable(Exception):
    """A notification cannot be sent as it is configured; the message says what to mend, and never a secret."""


def read_secret(parameter: str, file: str) -> str:
    """The one line of the file, as it may stand in a header. Unusable names the parameter and the file."""
    secret = read_text(parameter, file)
    if not one_line(secret):
        raise Unusable(f"{parameter}: {file} must hold one line")
    return secret


def read_text(parameter: str, file: str) -> str:
    """The text of the file without white space around it."""
    try:
        with open(file, encoding="utf-8") as stream:
            secret = stream.read(_LARGEST).strip()
    except OSError as error:
        raise Unusable(f"{parameter}: {file} cannot be read ({os.strerror(error.errno or 0)})") from error
    except UnicodeDecodeError:
        raise Unusable(f"{parameter}: {file} is no text") from None
    if not secret:
        raise Unusable(f"{parameter}: {file} is empty")
    return secret
