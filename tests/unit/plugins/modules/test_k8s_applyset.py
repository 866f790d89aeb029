# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_applyset as a module: what it makes of its options, and what it keeps to itself."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils import basic

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.discreet_module import DiscreetModule
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.modules import k8s_applyset

_PASSWORD = "correct-horse-battery"
_DEFINITIONS = [{"kind": "Secret", "stringData": {"password": _PASSWORD}}]


def _params(**options: Any) -> dict[str, Any]:
    return {**{name: spec.get("default") for name, spec in k8s_applyset.argument_spec().items()}, **options}


@pytest.fixture
def module() -> DiscreetModule:
    """A module with a Secret among its options, without Ansible around it."""
    found = DiscreetModule.__new__(DiscreetModule)
    found.params = _params(definitions=_DEFINITIONS, name="app")
    return found


def test_definitions_are_not_logged(module: DiscreetModule, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other options are; and the module keeps its own."""
    logged: list[dict[str, Any]] = []
    monkeypatch.setattr(basic.AnsibleModule, "_log_invocation", lambda self: logged.append(self.params))
    module._log_invocation()
    assert logged[0]["name"] == "app"
    assert _PASSWORD not in str(logged)
    assert module.params["definitions"] == _DEFINITIONS


def test_definitions_are_not_returned(module: DiscreetModule, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by a run that went well nor by one that failed."""
    returned: list[dict[str, Any]] = []
    monkeypatch.setattr(basic.AnsibleModule, "_return_formatted", lambda self, kwargs: returned.append(kwargs))
    module._return_formatted({"msg": "x"})
    assert returned[0]["msg"] == "x"
    assert returned[0]["invocation"]["module_args"]["name"] == "app"
    assert _PASSWORD not in str(returned)


def test_a_set_without_definitions_is_a_mistake_and_an_empty_one_is_not() -> None:
    """A variable that came out empty must not prune everything by the way."""
    with pytest.raises(K8sError, match="needs definitions or src"):
        k8s_applyset._definitions(_params())
    assert k8s_applyset._definitions(_params(definitions=[])) == []
    assert k8s_applyset._definitions(_params(state="absent")) == []


def test_conditions_of_one_kind_are_gathered() -> None:
    """All are waited for."""
    conditions = [
        {"kind": "Certificate", "type": "Ready", "status": "True"},
        {"kind": "Certificate", "type": "Issuing", "status": "False"},
    ]
    settings = k8s_applyset._settings(_params(wait_conditions=conditions))
    assert settings.wait_conditions == {"Certificate": {"Ready": "True", "Issuing": "False"}}
    with pytest.raises(K8sError, match="wait_timeout"):
        k8s_applyset._settings(_params(wait_timeout=0.0))
