# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that every module of ours that talks to Anchore Engine has in common."""

from __future__ import annotations


class ModuleDocFragment:
    """The documentation fragment `bulkhead.container_security.anchore`."""

    DOCUMENTATION = r"""
options:
  url:
    description:
      - The address of the engine's API, such as V(https://anchore.example.com:8228/v1). The path may be left out.
    type: str
    required: true
  username:
    description: The user.
    type: str
    required: true
  password:
    description: The password of the user.
    type: str
    required: true
  account:
    description: Act for this account, which only a user of the account C(admin) may. Empty means the user's own.
    type: str
    default: ''
  ca_path:
    description:
      - PEM file of the authority that signed the certificate of the engine. Without it, those that the system trusts.
    type: path
  validate_certs:
    description: Verify the certificate of the engine.
    type: bool
    default: true
  timeout:
    description: Seconds to wait for the connection, and for each answer.
    type: float
    default: 30.0
  retries:
    description: How often a request without an effect is sent again where the engine is busy or out of reach.
    type: int
    default: 3
notes:
  - The target is the machine that speaks to the engine, mostly the controller itself (C(connection=local)).
  - Nothing is taken from the environment, and no proxy is used.
  - Anchore Engine 1.1.0 is the last one, and has reached its end of life. M(bulkhead.container_security.image_scan)
    does the same work with Syft and Grype.
"""
