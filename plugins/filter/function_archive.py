# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files as the archive that a Function of Kubeless holds."""

from __future__ import annotations

DOCUMENTATION = r"""
name: function_archive
short_description: Files as a zip archive in base64, with its checksum
version_added: 0.3.0
author: Bulkhead contributors (@bulkhead-security)
description:
  - Packs files for C(Function.spec) of Kubeless. The same files always give the same archive, so that a second run
    changes nothing.
  - Kubeless copies what it is given into a ConfigMap, which holds no more than 1 MiB. More is an error.
options:
  _input:
    description: The text of each file by its path in the archive.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the checksum of a function
  ansible.builtin.debug:
    msg: "{{ ({'hello.py': source} | bulkhead.container_security.function_archive).checksum }}"
  vars:
    source: |
      def handler(event, context):
          return "hello"
"""

RETURN = r"""
_value:
  description:
    - C(content), the archive in base64, C(checksum), V(sha256:) and the sum of the archive, and C(content_type).
    - They are C(function), C(checksum) and C(function-content-type) of a Function.
  type: dict
  sample: {content: UEsDBBQ…, checksum: "sha256:…", content_type: base64+zip}
"""

import base64
import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

_LIMIT = 1_000_000
# The oldest time that the format knows: an archive must not differ because of when it was made.
_TIME = (1980, 1, 1, 0, 0, 0)


def function_archive(files: Any) -> dict[str, str]:
    """The filter. Raises AnsibleFilterError for paths that lead out of the archive, and for too much."""
    if not isinstance(files, Mapping) or not files:
        raise AnsibleFilterError("function_archive: needs a dictionary from paths to texts")
    archive = _packed({_path(name): str(files[name]) for name in sorted(files)})
    content = base64.b64encode(archive).decode()
    if len(content) > _LIMIT:
        raise AnsibleFilterError(
            f"function_archive: the archive has {len(content)} bytes in base64, and a ConfigMap holds no more than "
            f"{_LIMIT}: leave files out, or build an image"
        )
    checksum = f"sha256:{hashlib.sha256(archive).hexdigest()}"
    return {"content": content, "checksum": checksum, "content_type": "base64+zip"}


def _path(name: Any) -> str:
    path = str(name)
    if path.startswith("/") or ".." in path.split("/"):
        raise AnsibleFilterError(f"function_archive: {path!r} leads out of the archive")
    return path


def _packed(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name, _TIME)
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, text)
    return buffer.getvalue()


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"function_archive": function_archive}
