# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML report in a real Chromium: no complaint in the console, and usable by mouse, keyboard and screen reader."""

from __future__ import annotations

import functools
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.gate import Gate
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.waiver import waiver_from
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import Report
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.html_page import render
from tests.e2e.browser import Browser, chromium
from tests.unit.plugins.plugin_utils.report.fleet import audit, finding, fleet, previous, report

pytestmark = pytest.mark.skipif(
    shutil.which("chromedriver") is None, reason="needs chromedriver (Debian: chromium-driver)"
)

EVIL = '</script><img src=x onerror="window.hacked=1"><b>&amp;'
Show = Callable[..., Browser]


@pytest.fixture(scope="module")
def session() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def show(session: Browser, tmp_path: Path) -> Iterator[Show]:
    """Open a report at a fragment. Whatever a test does, the console stays silent."""

    def _show(one: Report, fragment: str = "") -> Browser:
        (tmp_path / "report.html").write_text(render(one), "utf-8")
        session.complaints()
        session.prefer("light")
        session.open((tmp_path / "report.html").as_uri() + fragment)
        return session

    yield _show
    assert session.complaints() == []


def small() -> Report:
    """Two hosts, one of them down, with something in every part of the page."""
    row = {"id": "agent", "control": "docker.other", "owner": "Ops", "reason": "Needed.", "expires": "2030-05-09"}
    before = report(audit("web1", finding(), finding(name="gone")), audit("web2", finding(target="web2")))
    rows = [
        finding(),
        finding(name="fresh", severity="low"),
        finding("docker.other"),
        finding(name="m", status="manual"),
    ]
    return report(
        audit("web1", *rows, controls=[finding()["control"], "docker.other"], passes=5),
        audit("web2", reason="The host is down."),
        previous=previous(before),
        waivers=[waiver_from(row, "waivers.yml:2")],
        gate=Gate(fail_on=("critical",)),
    )


def shown(browser: Browser, table: str = "findings") -> list[str]:
    """The rows of a table as a reader sees them."""
    script = """return [...document.querySelectorAll(arguments[0])].map(
      (row) => [...row.cells].map((cell) => cell.textContent.trim()).join(" "))"""
    return list(browser.run(script, f"#t-{table} tbody tr"))


def wait_for(check: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 5
    while not (value := check()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return value


def test_every_part_opens(show: Show) -> None:
    browser = show(small())
    assert "Gate closed: 1 critical failing" in browser.run("return document.getElementById('overview').innerText")
    visible = (
        "return [...document.querySelectorAll('main > section')].filter((one) => one.offsetHeight).map((one) => one.id)"
    )
    for part in ("findings", "hosts", "controls", "changes", "waivers", "overview"):
        browser.click(f'#nav [href="#{part}"]')
        focused = f"return document.activeElement.id === 'h-{part}'"
        assert wait_for(functools.partial(browser.run, focused))
        assert browser.run(visible) == [part]
        assert browser.run("return document.querySelector('[aria-current]').getAttribute('href')") == f"#{part}"


def test_counts_on_the_page_are_those_of_the_report(show: Show) -> None:
    one = small()
    browser = show(one)
    legend = browser.run("return document.querySelector('.legend').innerText").split()
    told = dict(zip(legend[0::2], legend[1::2]))
    assert told["pass"] == str(one["summary"]["status"]["pass"])
    assert told["fail"] == str(one["summary"]["status"]["fail"])
    assert shown(browser, "hosts")[0].startswith("web1 1 0 0 1 0 1 0 1 71.4 %")
    assert "not audited" in shown(browser, "hosts")[1]
    assert len(shown(browser, "changes")) == 4
    assert shown(browser, "waivers")[0].startswith("expiring agent Ops 2030-05-09 1")


def test_failures_and_errors_are_shown_first_and_filters_narrow_them(show: Show) -> None:
    browser = show(small(), "#findings")
    assert len(shown(browser)) == 3
    browser.click("#f-severity label:nth-of-type(1)")
    assert wait_for(lambda: len(shown(browser)) == 1)
    assert shown(browser)[0].startswith("critical fail")
    assert "severity=critical" in browser.run("return location.hash")
    browser.click("#filters [type=reset]")
    assert wait_for(lambda: len(shown(browser)) == 5)


def test_search_finds_words_in_any_order(show: Show) -> None:
    browser = show(small(), "#findings")
    browser.click("#filters [type=reset]")
    browser.click("#q")
    browser.press(*"fresh CIS-docker")
    assert wait_for(lambda: len(shown(browser)) == 1)
    assert browser.run("return document.querySelector('#t-findings [role=status]').textContent") == "1 finding"


def test_an_address_restores_a_view(show: Show) -> None:
    browser = show(small(), "#findings?status=manual")
    assert [row.split()[1] for row in shown(browser)] == ["manual"]
    assert browser.run("return document.querySelector('input[value=manual]').checked")


def test_the_keyboard_sorts(show: Show) -> None:
    browser = show(small(), "#findings?status=fail,manual,waived")
    browser.run("document.querySelectorAll('#t-findings thead button')[4].focus()")
    assert browser.run("return document.activeElement.textContent") == "Subject"
    sort = "return document.querySelectorAll('#t-findings thead th')[4].getAttribute('aria-sort')"
    assert browser.run(sort) is None
    browser.press("Enter")
    assert browser.run(sort) == "ascending"
    up = shown(browser)
    browser.press("Space")
    assert browser.run(sort) == "descending"
    assert shown(browser) != up
    names = [row.split("container ")[-1].split()[0] for row in shown(browser)]
    assert names == sorted(names, reverse=True)
    assert browser.run("return document.querySelectorAll('#t-findings [aria-sort]').length") == 1


def test_the_keyboard_reaches_everything_in_order(show: Show) -> None:
    browser = show(small())
    browser.press("Tab")
    assert browser.run("return document.activeElement.className") == "skip"
    browser.press("Tab")
    assert browser.run("return document.activeElement.id") == "theme"
    browser.press("Tab", "Tab", "Enter")
    assert wait_for(lambda: browser.run("return document.activeElement.id") == "h-findings")


def test_details_open_by_keyboard_and_keep_the_focus(show: Show) -> None:
    browser = show(small(), "#findings")
    browser.run("document.querySelector('#t-findings .open').focus()")
    browser.press("Enter")
    assert browser.run("return document.activeElement.getAttribute('aria-expanded')") == "true"
    details = browser.run("return document.querySelector('.details').innerText")
    for text in ("Start it without --privileged.", "docker.container.privileged", "cis-docker 1.8.0 5.5", "shop/app:1"):
        assert text in details
    browser.press("Enter")
    assert browser.run("return document.querySelectorAll('.details').length") == 0


def test_themes_follow_the_system_and_the_reader(show: Show) -> None:
    browser = show(small())
    colour = "return getComputedStyle(document.body).backgroundColor"
    light = browser.run(colour)
    browser.click("#theme")
    dark = browser.run(colour)
    assert light != dark
    browser.click("#theme")
    assert browser.run(colour) == light
    browser.run("delete document.documentElement.dataset.theme; try { localStorage.clear() } catch (refused) {}")
    browser.prefer("dark")
    assert browser.run(colour) == dark


# Relative luminance and contrast as WCAG 2.2 defines them, for every text that can be seen.
CONTRAST = """
const part = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
const light = (c) => 0.2126 * part(c[0]) + 0.7152 * part(c[1]) + 0.0722 * part(c[2]);
const ground = (node) => {
  for (; node; node = node.parentElement) {
    const c = rgb(getComputedStyle(node).backgroundColor);
    if (c.length < 4 || c[3] === 1) return c;
  }
  return [255, 255, 255];
};
const poor = [];
for (const node of document.querySelectorAll("main *, header *")) {
  if (!node.offsetParent || node.closest(".sr, svg, [disabled]")) continue;
  if (![...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim())) continue;
  const a = light(rgb(getComputedStyle(node).color)), b = light(ground(node));
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const named = node.tagName + "." + node.className + " " + node.textContent.slice(0, 30);
  if (ratio < 4.5) poor.push(named + " " + ratio.toFixed(2));
}
return poor;
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("part", ["overview", "findings", "hosts", "controls", "changes", "waivers"])
def test_text_stands_out_from_its_ground(show: Show, scheme: str, part: str) -> None:
    browser = show(small(), f"#{part}")
    browser.prefer(scheme)
    assert browser.run(CONTRAST) == []


def test_a_screen_reader_finds_its_way(show: Show) -> None:
    browser = show(small(), "#findings")
    for landmark in ("header", "nav[aria-label]", "main", "form[role=search][aria-label]"):
        assert browser.run("return document.querySelectorAll(arguments[0]).length", landmark) == 1
    unnamed = """return [...document.querySelectorAll("button, a, input, select, section, table")].filter(
      (node) => !node.textContent.trim() && !node.getAttribute("aria-label") && !(node.labels || []).length).length"""
    assert browser.run(unnamed) == 0
    assert browser.run("return [...document.querySelectorAll('thead th')].every((cell) => cell.scope === 'col')")
    assert browser.run(
        "return [...document.querySelectorAll('tbody tr:not(.details) > :first-child')].every("
        "(cell) => cell.scope === 'row' || cell.colSpan > 1)"
    )
    levels = browser.run("return [...document.querySelectorAll('h1, h2, h3')].map((head) => Number(head.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:]))


def test_what_systems_are_called_does_not_run(show: Show) -> None:
    odd = finding(name=EVIL, title=EVIL, target=EVIL, actual=EVIL, evidence={EVIL: EVIL}, remediation=EVIL)
    browser = show(report(audit(EVIL, odd), title=EVIL), "#findings")
    browser.click("#t-findings .open")
    assert EVIL in browser.run("return document.querySelector('.details').textContent")
    assert browser.run("return document.title") == EVIL
    assert browser.run("return document.images.length") == 0
    assert browser.run("return window.hacked") is None


def test_paper_shows_every_part_and_more_than_a_page_of_rows(show: Show) -> None:
    browser = show(report(*fleet(4, 60)), "#findings")
    assert len(shown(browser)) == 50
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert len(shown(browser)) > 100
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert len(shown(browser)) == 50


def test_nothing_to_report_is_a_page_too(show: Show) -> None:
    browser = show(report(), "#findings")
    assert shown(browser) == ["None."]


def test_thirty_thousand_findings_stay_usable(show: Show) -> None:
    """Few nodes, whatever is done: that is what keeps a page of any size fast."""
    browser = show(report(*fleet(200, 150)), "#findings")
    steps = (
        "document.querySelectorAll('#t-findings thead button')[2].click()",
        "document.querySelector('#f-status input').click()",
        "byId('q').value = 'service-1 rule 20'; byId('filters').requestSubmit()",
        "document.querySelector('#t-findings .pages button:last-child').click()",
    )
    for step in steps:
        browser.run(f"const byId = (id) => document.getElementById(id); {step}; document.body.offsetHeight")
        assert browser.run("return document.querySelectorAll('*').length") < 5000
