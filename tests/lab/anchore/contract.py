# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold every request and every answer against the published specification, by a library and not by eye."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from bravado_core.exception import SwaggerError
from bravado_core.formatter import SwaggerFormat
from bravado_core.operation import Operation
from bravado_core.request import IncomingRequest, unmarshal_request
from bravado_core.response import OutgoingResponse, get_response_spec, validate_response
from bravado_core.spec import Spec
from jsonschema import ValidationError

SPECIFICATION = Path(__file__).with_name("swagger.yaml")
# Statuses that the engine answers with although its document does not list them for every operation.
_UNLISTED = {400, 401, 403, 404, 406, 409, 500, 503}
# The library does not know the form that the engine's document gives to a registry.
_PATH = SwaggerFormat("path", lambda value: value, lambda value: value, lambda value: None, "a path")


@cache
def document() -> dict[str, Any]:
    """The specification, as it was published."""
    found: dict[str, Any] = yaml.load(SPECIFICATION.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return found


@cache
def _operations() -> list[tuple[str, re.Pattern[str], Operation]]:
    used = copy.deepcopy(document())
    # The bare answer to a ping: without a tag the library finds no name for it, and we do not use it.
    del used["paths"]["/"]
    for item in used["paths"].values():
        for operation in item.values():
            operation["responses"] = {str(status): answer for status, answer in operation["responses"].items()}
    options = {"validate_swagger_spec": False, "use_models": False, "formats": [_PATH]}
    spec = Spec.from_dict(used, config=options)  # type: ignore[no-untyped-call]
    found = []
    for path, item in used["paths"].items():
        pattern = re.compile(re.sub(r"\{[^}]+\}", "([^/]+)", path) + r"\Z")
        for method in item:
            operation = spec.get_op_for_request(method, path)
            if operation is not None:
                found.append((method, pattern, operation))
    # The literal path goes before one with a parameter: content/files before content/{ctype}.
    return sorted(found, key=lambda row: row[1].pattern.count("([^/]+)"))


class _Request(IncomingRequest):
    def __init__(
        self, path: Mapping[str, str], query: Mapping[str, Any], headers: Mapping[str, str], body: Any
    ) -> None:
        self.path, self.query, self.headers = path, query, headers
        self.form: dict[str, Any] = {}
        self.files: dict[str, Any] = {}
        self._body = body

    def json(self, **_options: Any) -> Any:
        return self._body


class _Response(OutgoingResponse):
    content_type = "application/json"
    # What the document gives no form to has none to be held against.
    text = ""

    def __init__(self, value: Any) -> None:
        self.headers: dict[str, str] = {}
        self._value = value

    def json(self, **_options: Any) -> Any:
        return self._value


def fault_of_request(
    method: str, path: str, query: Mapping[str, Any], headers: Mapping[str, str], body: Any
) -> tuple[Operation | None, str]:
    """The operation that is meant, and why the request is none of the specification, "" where it is one."""
    for verb, pattern, operation in _operations():
        found = pattern.match(path) if verb == method.lower() else None
        if found:
            names = re.findall(r"\{([^}]+)\}", operation.path_name)
            known = {parameter["name"] for parameter in map(_resolved, operation.params.values())}
            strange = sorted(set(query) - known)
            if strange:
                return operation, f"{method} {path}: there is no parameter {strange[0]}"
            try:
                request = _Request(dict(zip(names, found.groups())), query, headers, body)
                unmarshal_request(request, operation)  # type: ignore[no-untyped-call]
            except (SwaggerError, ValidationError) as error:
                return operation, f"{method} {path}: {str(error).splitlines()[0]}"
            return operation, ""
    return None, f"{method} {path}: there is no such operation"


def fault_of_answer(operation: Operation, status: int, value: Any) -> str:
    """Why an answer is none of the specification, "" where it is one."""
    listed = operation.op_spec["responses"]
    if str(status) not in listed:
        if status not in _UNLISTED:
            return f"{operation.operation_id}: there is no answer {status}"
        if "500" not in listed:
            return ""
        status = 500  # every error has the one form
    try:
        wanted = get_response_spec(status, operation)  # type: ignore[no-untyped-call]
        validate_response(wanted, operation, _Response(value))  # type: ignore[no-untyped-call]
    except (SwaggerError, ValidationError) as error:
        return f"{operation.operation_id} {status}: {str(error).splitlines()[0]}"
    return ""


def _resolved(parameter: Any) -> Mapping[str, Any]:
    spec: Mapping[str, Any] = parameter.param_spec
    return spec
