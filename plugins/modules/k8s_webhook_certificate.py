#!/usr/bin/python
# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_webhook_certificate
short_description: The certificate of a Kubernetes webhook, in a folder of the controller
version_added: 0.4.0
description:
  - Keeps an authority of its own for a webhook on the controller, and a certificate of the server that it has signed.
  - Both are renewed before they end. After the authority was renewed, RV(ca_bundle) holds the one of before, too, until
    that has ended. API servers then trust what the webhook shows at any moment of the exchange.
  - Nothing is sent to the target. The role C(anchore_admission) brings to the cluster what it needs.
author: Bulkhead contributors (@bulkhead-security)
options:
  folder:
    description: Folder on the controller. Its owner alone reads the private keys. Keep it, and keep it safe.
    type: path
    required: true
  names:
    description: DNS names and IP addresses by which API servers reach the webhook.
    type: list
    elements: str
    required: true
  ca_passphrase:
    description: Passphrase of the authority's key.
    type: str
  ca_common_name:
    description: Common name of an authority that is made.
    type: str
    default: Kubernetes webhook
  ca_valid_days:
    description: Days that an authority that is made is valid.
    type: int
    default: 3650
  ca_renew_days:
    description: Make a new authority when the present one has fewer days left.
    type: int
    default: 90
  valid_days:
    description: Days that a certificate is valid, at most as long as its authority.
    type: int
    default: 365
  renew_days:
    description: Renew a certificate that has fewer days left.
    type: int
    default: 30
attributes:
  check_mode:
    description: Predicts what would be made, and why. What is missing is made for this once, and not kept.
    support: full
  diff_mode:
    description: Shows what would be made, and why, never a key.
    support: full
  idempotent:
    description: What serves is left alone.
    support: full
notes:
  - The C(cryptography) library is needed on the controller, where ansible-core brings it.
seealso:
  - module: bulkhead.container_security.k8s_applyset
"""

EXAMPLES = r"""
- name: Keep the certificate of a webhook
  bulkhead.container_security.k8s_webhook_certificate:
    folder: "{{ inventory_dir }}/pki/webhook"
    names: [webhook.security.svc]
  register: webhook_certificate
"""

RETURN = r"""
renewed:
  description: What was made, and why.
  returned: success
  type: dict
  sample: {server: expires in 12 days}
rotated:
  description: Whether a new authority has taken the place of one that is about to end.
  returned: success
  type: bool
days_left:
  description: Days until the first of the two certificates ends.
  returned: success
  type: int
  sample: 364
ca_bundle:
  description: What API servers have to trust, as PEM.
  returned: success
  type: str
certificate:
  description: The certificate of the server, as PEM.
  returned: success
  type: str
description:
  description: What may be shown of it, with its names and its dates.
  returned: success
  type: dict
key_path:
  description: Path of its key on the controller. In check mode, there may be none yet.
  returned: success
  type: str
"""
