# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation's site: guides in Markdown, and reference pages that antsibull-docs writes. Builds offline."""

from __future__ import annotations

project = "bulkhead.container_security"
copyright = "Bulkhead contributors"  # noqa: A001
html_title = project
html_short_title = project

extensions = ["myst_parser", "sphinx_antsibull_ext"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
root_doc = "index"
exclude_patterns = ["_build"]

myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

html_theme = "sphinx_ansible_theme"
html_theme_options = {"vcs_pageview_mode": "edit", "documentation_home_url": "index.html", "display_version": False}
html_show_sphinx = False
pygments_style = "ansible"
