# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users by name, as an image's own layers know them."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import HostFiles
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.image.layer_users import uid_by_layers


def layer(folder: Path, passwd: str | None) -> str:
    (folder / "etc").mkdir(parents=True)
    if passwd is not None:
        (folder / "etc" / "passwd").write_text(passwd)
    return str(folder)


def uid(user: str, *layers: str, driver: str = "overlay2") -> int | None:
    data = {"UpperDir": layers[0], "LowerDir": ":".join(layers[1:])}
    return uid_by_layers(user, {"GraphDriver": {"Name": driver, "Data": data}}, HostFiles())


def test_the_topmost_file_counts(tmp_path: Path) -> None:
    bottom = layer(tmp_path / "a", "app:x:0:0::/:/bin/sh\nold:x:7:7::/:/bin/sh\n")
    middle = layer(tmp_path / "b", "broken\napp:x:1000:1000::/:/bin/sh\n")
    top = layer(tmp_path / "c", None)
    assert uid("app", top, middle, bottom) == 1000
    assert uid("app:group", bottom) == 0
    assert uid("old", top, middle, bottom) is None


def test_a_link_does_not_lead_out_of_the_layer(tmp_path: Path) -> None:
    bottom, top = layer(tmp_path / "a", "app:x:0:0::/:/bin/sh\n"), layer(tmp_path / "b", None)
    (tmp_path / "b" / "etc" / "passwd").symlink_to(tmp_path / "a" / "etc" / "passwd")
    assert uid("app", top, bottom) is None


def test_what_cannot_be_read_tells_nothing(tmp_path: Path) -> None:
    assert uid("app", str(tmp_path / "gone")) is None
    assert uid("app", layer(tmp_path / "a", "app:x:0:0::/:/bin/sh\n"), driver="btrfs") is None
    assert uid_by_layers("app", {}, HostFiles()) is None
