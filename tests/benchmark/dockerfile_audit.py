# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dockerfile_audit of 500 Dockerfiles with their contexts, with and without hadolint, beside hadolint alone."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.benchmark.audit import ship
from tests.benchmark.measure import medians_of
from tests.lab.ansible import ansible_environment
from tests.lab.progress import step

FILES, _CONTEXT = 500, 20
_MODULE = "bulkhead.container_security.dockerfile_audit"
_HADOLINT = str(Path(sys.executable).with_name("hadolint"))


def dockerfile(number: int) -> str:
    """A file of two stages, of the length that people write, with some of their faults."""
    layers = "".join(
        f"COPY --chown=app:app part-{part}/ /srv/part-{part}/\nRUN make -C /srv/part-{part} && rm -rf /srv/{part}/tmp\n"
        for part in range(6)
    )
    return f"""# syntax=docker/dockerfile:1
ARG VERSION={number}
FROM golang:1.22 AS build
RUN --mount=type=cache,target=/root/.cache apt-get update \\
 && apt-get install -y --no-install-recommends git make \\
    # for the tests
    ca-certificates curl \\
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN go mod download && go build -ldflags "-X main.version=${{VERSION:-0}}" -o /out/app ./cmd/app-{number}
FROM debian:12{"" if number % 3 else "-slim"}
ENV HOME=/srv LANG=C.UTF-8 \\
    PORT=80{number % 100:02}
RUN apt-get update && apt-get install -y curl tini && curl -fsSL https://example.com/{number} | sh
{layers}COPY --from=build /out/app /usr/local/bin/app
EXPOSE $PORT
USER {"root" if number % 5 == 0 else "app"}
HEALTHCHECK CMD ["app", "health"]
ENTRYPOINT ["tini", "--", "app"]
"""


def _tree(folder: Path) -> list[str]:
    """Folders with a Dockerfile and a small context each; the paths of the Dockerfiles."""
    paths = []
    for number in range(FILES):
        place = folder / f"service-{number:03}"
        (place / "src").mkdir(parents=True)
        (place / "Dockerfile").write_text(dockerfile(number))
        (place / ".dockerignore").write_text(".git\n**/*.md\n*.log\n!keep.log\n")
        for part in range(_CONTEXT):
            (place / "src" / f"part-{part}.py").write_text("pass\n")
        paths.append(str(place / "Dockerfile"))
    return paths


def bench_dockerfile_audit(runs: int) -> dict[str, float]:
    """CPU seconds: {empty module, own: without hadolint, both, hadolint alone}; wall and memory in MB of both."""
    with tempfile.TemporaryDirectory(prefix="bulkhead-bench-") as name:
        folder = Path(name)
        paths = _tree(folder / "tree")
        options = {"paths": [str(folder / "tree")], "root": str(folder / "tree"), "hadolint_path": _HADOLINT}
        with step(f"{FILES} Dockerfiles: {runs} runs"):
            empty = ship("bench_empty", {"docker_host": ""}, folder)
            own = ship(_MODULE, {**options, "hadolint": "off"}, folder / "own")
            both = ship(_MODULE, {**options, "hadolint": "required"}, folder / "both")
            commands = [[sys.executable, str(module)] for module in (empty, own, both)]
            commands.append([_HADOLINT, "--no-fail", "-f", "json", *paths])
            costs = medians_of(runs, commands, ansible_environment())
    bare, alone, together, linter = costs
    print(
        f"  cpu {alone.cpu:.2f} s (an empty module {bare.cpu:.2f} s), {alone.memory:.0f} MB; "
        f"with hadolint {together.cpu:.2f} s, {together.wall:.2f} s wall; hadolint alone {linter.cpu:.2f} s"
    )
    return {
        "empty": bare.cpu,
        "own": alone.cpu,
        "both": together.cpu,
        "hadolint": linter.cpu,
        "wall": together.wall,
        "memory": together.memory,
    }
