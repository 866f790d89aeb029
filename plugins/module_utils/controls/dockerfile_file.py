# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of a Dockerfile as a whole and of its build context.

The facts are those of dockerfile/stage_facts.py and dockerfile/context.py.
"""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis import cis

FILE_CONTROLS: tuple[Control, ...] = (
    Control(
        id="dockerfile.file.syntax",
        title="Docker can read the file",
        scope="file",
        severity="high",
        actual="parsed",
        expected={"equals": True},
        remediation="Correct the line that is named.",
        rationale="Nothing else can be said of a file that cannot be read.",
    ),
    Control(
        id="dockerfile.file.user",
        title="Image names a user to run as",
        scope="file",
        severity="high",
        actual="user_set",
        expected={"equals": True},
        when="judged",
        evidence="{stage: target_stage, base: base}",
        remediation="End the final stage with USER and a user that the image has, best as a number such as 10001.",
        rationale="Without it, containers run as the user of the base image, which is root for almost all of them.",
        references=cis("4.1", "4.1"),
    ),
    Control(
        id="dockerfile.file.user_root",
        title="Image does not run as root",
        scope="file",
        severity="high",
        actual="user_root",
        expected={"equals": False},
        when="judged && user_set",
        not_applicable="No USER is set, of which dockerfile.file.user tells.",
        evidence="{line: user_line, user: user}",
        remediation="Let the last USER be one other than root. Do what needs root before it.",
        references=cis("4.1", "4.1"),
    ),
    Control(
        id="dockerfile.file.healthcheck",
        title="Image says how its health is checked",
        scope="file",
        severity="low",
        actual="healthcheck",
        expected={"equals": "command"},
        when="judged",
        evidence="{stage: target_stage}",
        remediation="Add HEALTHCHECK with a command. Skip this where only Kubernetes, by probes, runs the image.",
        references=cis("4.6", "4.6"),
    ),
    Control(
        id="dockerfile.file.ignores",
        title="Comments that accept a risk name control, owner, end and reason",
        scope="file",
        severity="medium",
        actual="ignore_faults",
        expected={"empty": True},
        when="judged",
        remediation="Write # bulkhead ignore=CONTROL owner=WHO expires=YYYY-MM-DD REASON, or remove the comment.",
        rationale="A comment that accepts nothing looks as if it did.",
    ),
)

CONTEXT_CONTROLS: tuple[Control, ...] = (
    Control(
        id="dockerfile.context.ignore_file",
        title="Build context has a .dockerignore",
        scope="context",
        severity="low",
        actual="ignore_file",
        expected={"present": True},
        when="files > `0`",
        not_applicable="There is nothing but the Dockerfile in it.",
        evidence="{files: files, size_mb: size_mb}",
        remediation="Write a .dockerignore that begins with * and lets in by ! what the build needs.",
    ),
    Control(
        id="dockerfile.context.secret_files",
        title="No file with a secret is sent to the builder",
        scope="context",
        severity="high",
        actual="secret_files",
        expected={"empty": True},
        evidence="{ignore_file: ignore_file, whole_context_copied: whole_context}",
        remediation="Name these files in .dockerignore, and hand secrets to RUN by --mount=type=secret.",
        rationale="COPY . takes them into a layer, from where everybody who pulls the image gets them.",
        references=cis("4.10", "4.10"),
    ),
    Control(
        id="dockerfile.context.repository",
        title="No repository is sent to the builder",
        scope="context",
        severity="medium",
        actual="repositories",
        expected={"empty": True},
        evidence="{ignore_file: ignore_file, whole_context_copied: whole_context}",
        remediation="Name .git in .dockerignore.",
        rationale="It holds every secret that was ever committed, and the credentials of its remotes.",
    ),
    Control(
        id="dockerfile.context.size",
        title="Build context is of moderate size",
        scope="context",
        severity="info",
        actual="size_mb",
        expected={"at_most": 200},
        evidence="{files: files}",
        remediation="Name what the build does not need in .dockerignore.",
        rationale="What is sent without need is sent unread.",
    ),
)
