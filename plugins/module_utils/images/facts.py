# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of an image, whoever found it out: plain facts that a policy can be judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Package:
    """A package in the image. type: as Syft names it (deb, rpm, apk, python, npm, …); licenses: as it declares them."""

    name: str
    version: str
    type: str
    licenses: tuple[str, ...] = ()
    path: str = ""


@dataclass(frozen=True)
class CvssScores:
    """The highest scores of CVSS 3, 0.0 to 10.0; None where none is told."""

    base: float | None = None
    exploitability: float | None = None
    impact: float | None = None


@dataclass(frozen=True)
class KnownVulnerability:
    """A vulnerability of a package in the image.

    severity: one of unknown, negligible, low, medium, high, critical. fixed_in: versions, empty where there is no fix;
    fixed_at: when the first of them was there, RFC 3339 or a date, "" where it is not told; will_not_fix: the vendor
    has said so. nvd, vendor: as the National Vulnerability Database and the distribution score it. aliases: other ids
    of the same.
    """

    id: str
    severity: str
    package: str
    version: str
    type: str
    fixed_in: tuple[str, ...] = ()
    url: str = ""
    nvd: CvssScores = CvssScores()
    vendor: CvssScores = CvssScores()
    aliases: tuple[str, ...] = ()
    path: str = ""
    description: str = ""
    fixed_at: str = ""
    will_not_fix: bool = False

    @property
    def cvss(self) -> float | None:
        """The base score: the vendor knows best how it built the package."""
        return self.nvd.base if self.vendor.base is None else self.vendor.base


@dataclass(frozen=True)
class ImageFacts:
    """An image. digest: of its manifest, "" where it was never in a registry; image_id: of its configuration.

    user, exposed_ports: of its configuration, None where there is none, as in a plain folder. user "" is root.

    lines: what built it, one Dockerfile instruction each; dockerfile_given: whether they are of the real Dockerfile, or
    told by the history of the image. packages, vulnerabilities: None where nobody looked. size: in bytes.
    database_built: of the vulnerability database, RFC 3339, "" where it is not told.
    """

    reference: str
    digest: str = ""
    image_id: str = ""
    user: str | None = None
    exposed_ports: tuple[str, ...] | None = None
    lines: tuple[str, ...] = ()
    dockerfile_given: bool = False
    size: int | None = None
    layers: int | None = None
    architecture: str = ""
    os: str = ""
    distro: str = ""
    distro_version: str = ""
    like_distro: tuple[str, ...] = ()
    packages: tuple[Package, ...] | None = None
    vulnerabilities: tuple[KnownVulnerability, ...] | None = None
    database_built: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
