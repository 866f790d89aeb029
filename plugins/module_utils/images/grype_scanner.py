# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scan an image with Syft and Grype and judge it by a bundle: the way without an engine."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.formats import image_reference
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import Bundle
from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.evaluate import evaluate
from ansible_collections.bulkhead.container_security.plugins.module_utils.images import grype, syft, trivy
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.evaluation import WARN, Evaluation
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.facts import ImageFacts
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.program import read_json, workplace
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.syft import Access


@dataclass(frozen=True)
class Request:
    """What to scan. image: as syft.source_of takes it. name: the reference to judge it by, "" for that of `image`.
    dockerfile: its text, where it is known.

    sbom, report: a file of Syft, and one of Grype or Trivy, that are there already and save running these. digest:
    what the image must be, "" for whatever it is.
    """

    image: str
    dockerfile: str | None = None
    sbom: Path | None = None
    report: Path | None = None
    digest: str = ""
    name: str = ""


@dataclass(frozen=True)
class Scan:
    """What came of it."""

    facts: ImageFacts
    evaluation: Evaluation


@dataclass(frozen=True)
class GrypeScanner:
    """Syft and Grype, and the bundle that decides. database: Grype's folder; update: let it fetch a newer database;
    oldest_days: refuse one that is older. access: to registries.

    unjudged: the action for rules that their facts do not suffice for. keep: a folder for bills of materials by digest,
    which are read instead of made again.
    """

    bundle: Bundle
    syft: str = "syft"
    grype: str = "grype"
    database: str = ""
    update: bool = False
    unjudged: str = WARN
    platform: str = ""
    keep: Path | None = None
    oldest_days: int | None = None
    access: Access | None = None
    name: str = "grype"

    def evaluate(
        self, reference: str, digest: str, policy_id: str = "", *, deadline: float | None = None
    ) -> Evaluation:
        """As Scanner says. The content is read from the registry by its digest, so that no tag can lead elsewhere."""
        if policy_id and policy_id != self.bundle.id:
            raise ScannerError("policy", f"There is no policy {policy_id} here, but {self.bundle.id}")
        read = image_reference.parse(reference)
        scanned = self.scan(Request(f"registry:{read.name}@{digest}", digest=digest), reference, deadline=deadline)
        return scanned.evaluation

    def scan(self, request: Request, reference: str = "", *, deadline: float | None = None) -> Scan:
        """Facts and verdict. reference: the name to judge it by, where it is not that of the request."""
        name = reference or request.name or syft.source_of(request.image)[1]
        with workplace() as folder:
            materials = request.sbom or self._materials(request, folder, deadline)
            document = syft.checked(read_json(materials, f"The bill of materials of {name}"), str(materials))
            lines: Sequence[str] | None = None
            if request.dockerfile is not None:
                lines = syft.dockerfile_lines(request.dockerfile)
            facts = syft.facts_of(document, name, lines)
            if request.digest:
                facts = _of_digest(facts, request.digest, syft.digests_of(document))
            facts = self._with_vulnerabilities(facts, request, materials, folder, deadline)
        return Scan(facts, self._verdict(facts))

    def _verdict(self, facts: ImageFacts) -> Evaluation:
        try:
            return evaluate(self.bundle, facts, unjudged=self.unjudged)
        except (re.error, ValueError) as exc:  # a bundle that nobody validated
            said = f"{facts.reference} cannot be judged by the policy {self.bundle.id}: {exc}"
            raise ScannerError("policy", f"{said}; validate it with anchore_policy") from exc

    def _materials(self, request: Request, folder: Path, deadline: float | None) -> Path:
        kept = self.keep / f"{request.digest.replace(':', '-')}.syft.json" if self.keep and request.digest else None
        if kept is not None and kept.is_file():
            return kept
        output = folder / "materials.json"
        syft.bill_of_materials(
            request.image,
            output,
            program=self.syft,
            deadline=deadline,
            platform=self.platform,
            access=self.access,
        )
        if kept is None:
            return output
        kept.parent.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_name(f".{kept.name}.{folder.name}")
        unfinished.write_bytes(output.read_bytes())
        unfinished.replace(kept)
        return kept

    def _with_vulnerabilities(
        self, facts: ImageFacts, request: Request, materials: Path, folder: Path, deadline: float | None
    ) -> ImageFacts:
        if request.report is not None:
            document = read_json(request.report, f"The report on {facts.reference}")
            if trivy.is_report(document):
                _about(facts, trivy.digests_of(document), request.report)
                return replace(facts, vulnerabilities=trivy.vulnerabilities_of(document))
            document = grype.checked(document, str(request.report))
            _about(facts, grype.digests_of(document), request.report)
        else:
            document = self._matches(materials, folder / "matches.json", deadline)
        known, built = grype.vulnerabilities_of(document), grype.database_built(document)
        return replace(facts, vulnerabilities=known, database_built=built)

    def _matches(self, materials: Path, output: Path, deadline: float | None) -> Mapping[str, Any]:
        return grype.matches(
            materials,
            output,
            program=self.grype,
            database=self.database,
            update=self.update,
            oldest_days=self.oldest_days,
            deadline=deadline,
        )


def _of_digest(facts: ImageFacts, digest: str, known: Sequence[str]) -> ImageFacts:
    """The facts, where they are of the content that was asked for. Raises ScannerError."""
    if digest in known:
        return replace(facts, digest=digest)
    told = f"{', '.join(known)[:200]} was scanned" if known else "what was scanned has no digest of a registry"
    raise ScannerError("wrong_digest", f"{facts.reference}: {digest} was asked for, and {told}")


def _about(facts: ImageFacts, digests: Sequence[str], report: Path) -> None:
    """A report that was there already may be about another content, and then says nothing of this one."""
    if facts.digest and digests and facts.digest not in digests:
        told = f"{report} is about {', '.join(digests)[:200]}, and the image is {facts.digest}"
        raise ScannerError("wrong_digest", f"{facts.reference}: {told}")
