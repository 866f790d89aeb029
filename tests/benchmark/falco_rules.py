# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""falco_rules with 100 rules that are as large as those of the Falco project, beside an empty module."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmark.audit import ship
from tests.benchmark.measure import medians_of
from tests.lab.ansible import ansible_environment
from tests.lab.progress import step

RULES = 100
_MODULE = "bulkhead.container_security.falco_rules"
# As many of them, and as long, as in falco_rules.yaml with its incubating and sandbox companions.
_MACROS, _LISTS, _ITEMS = 300, 150, 12


def _list(number: int) -> str:
    items = ", ".join(f"program-{number}-{item}" for item in range(_ITEMS))
    return f"- list: binaries_{number}\n  items: [{items}]\n"


def _macro(number: int) -> str:
    before = f" or macro_{number - 3}" if number % 3 and number > 3 else ""
    return (
        f"- macro: macro_{number}\n"
        f"  condition: >\n"
        f"    (evt.type in (open, openat, openat2) and evt.is_open_write = true and fd.typechar = 'f'\n"
        f"     and proc.name in (binaries_{number % _LISTS}) and not fd.name startswith /var/lib/{number}){before}\n"
    )


def _rule(number: int) -> str:
    calls = " or ".join(f"macro_{(number * 3 + each) % _MACROS}" for each in range(3))
    return (
        f"- rule: Rule {number}\n"
        f"  desc: Something is written that nobody writes by intent.\n"
        f"  condition: >\n"
        f"    evt.type in (open, openat, openat2, unlink, rename) and ({calls})\n"
        f"    and container.id != host\n"
        f'    and (fd.name glob /etc/*/{number}.conf or proc.cmdline contains "--flag {number}")\n'
        f"    and not proc.pname in (binaries_{(number + 7) % _LISTS}) and not proc.aname[2] in (binaries_{number})\n"
        f"  output: Written (file=%fd.name command=%proc.cmdline user=%user.name image=%container.image.repository)\n"
        f"  priority: WARNING\n"
        f"  tags: [container, filesystem]\n"
        f"  exceptions:\n"
        f"    - name: known\n"
        f"      fields: [proc.name, fd.name]\n"
        f"      comps: [in, startswith]\n"
        f"      values:\n"
        f"        - [[updater, backup-{number}], /srv/{number}]\n"
        f"        - [[cron], /var/spool]\n"
    )


def rules_text() -> str:
    """A file of rules without a fault."""
    parts = [_list(number) for number in range(_LISTS)]
    parts += [_macro(number) for number in range(_MACROS)]
    return "".join([*parts, *(_rule(number) for number in range(RULES))])


def bench_falco_rules(runs: int) -> dict[str, Any]:
    """{cpu, empty: seconds of the module and of an empty one, memory: peak in MB, issues, bytes: size of the file}."""
    with tempfile.TemporaryDirectory(prefix="bulkhead-bench-") as name:
        folder = Path(name)
        file = folder / "bench.yaml"
        file.write_text(rules_text())
        with step(f"{RULES} rules: {runs} runs"):
            empty = ship("bench_empty", {"docker_host": ""}, folder)
            checking = ship(_MODULE, {"rules": [{"src": str(file)}], "ignore": ["LOAD_UNUSED_MACRO"]}, folder)
            commands = [[sys.executable, str(empty)], [sys.executable, str(checking)]]
            bare, cost = medians_of(runs, commands, ansible_environment())
        size = file.stat().st_size
    answer = json.loads(cost.output[cost.output.index("{") :])
    result = {"cpu": cost.cpu, "empty": bare.cpu, "memory": cost.memory, "rules": len(answer["rules"]), "bytes": size}
    print(f"  cpu {cost.cpu:.3f} s, an empty module {bare.cpu:.3f} s, {cost.memory:.0f} MB; {size // 1000} kB of rules")
    return {**result, "issues": len(answer["issues"])}
