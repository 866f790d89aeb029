# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A yardstick: a program on the docker SDK that fetches the same facts and judges nothing.

`python yardstick.py DOCKER_HOST` prints how many containers and images it looked at.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import docker


def main(docker_host: str) -> None:
    """List and inspect everything once."""
    api: Any = docker.APIClient(base_url=docker_host)  # partly untyped
    facts = [api.info(), api.version(), api.networks()]
    containers = [api.inspect_container(item["Id"]) for item in api.containers(all=True)]
    images = [(api.inspect_image(item["Id"]), api.history(item["Id"])) for item in api.images()]
    print(json.dumps({"containers": len(containers), "images": len(images), "facts": len(facts)}))


if __name__ == "__main__":
    main(sys.argv[1])
