"""Describes the JSON API (OpenAPI 3.1) from the routes as they were declared."""

import re
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.web.api import KEY_HEADER, LONGEST_KEY, Route
from app.web.principals import FACE_HEADER, FACES

REFUSALS = {
    "401": "not signed in", "403": "not for this kind of caller", "404": "not there, or not yours",
    "409": "refused by a rule", "413": "too large", "422": "not understood",
    "429": "too often", "503": "come back later",
}  # fmt: skip


class Problem(BaseModel):
    """The one shape of an error: a code for programs, a sentence in the caller's language for people."""

    error: str
    detail: dict[str, Any]
    message: str


def describe(routes: Sequence[Route], version: str) -> dict[str, Any]:
    shapes: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [(Problem, "serialization")]
    for route in routes:
        shapes.append((route.gives, "serialization"))
        if route.takes and route.method != "GET":
            shapes.append((route.takes, "validation"))
    names, definitions = models_json_schema(list(dict.fromkeys(shapes)), ref_template="#/components/schemas/{model}")
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = "/api" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, names)
    cookies = {f"{face}Cookie": {"type": "apiKey", "in": "cookie", "name": f"homethread_{face}"} for face in FACES}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Homethread", "version": version},
        "paths": paths,
        "components": {"schemas": definitions["$defs"], "securitySchemes": cookies},
    }


def _operation(route: Route, names: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": names[(route.gives, "serialization")]}}
    problem = {"application/json": {"schema": names[(Problem, "serialization")]}}
    operation: dict[str, Any] = {
        "operationId": f"{route.method.lower()}_{route.function.__name__}",
        "summary": (route.function.__doc__ or route.function.__name__.replace("_", " ")).splitlines()[0],
        "parameters": [*_path_parameters(route.path), _face()],
        "security": [{f"{face}Cookie": []} for face, kind in FACES.items() if kind in route.allowed],
        "responses": {
            str(route.status): {"description": "done", "content": content},
            **{status: {"description": text, "content": problem} for status, text in REFUSALS.items()},
        },
    }
    if route.method == "GET":
        operation["parameters"] += _query_parameters(route.takes)
        operation["responses"]["304"] = {"description": "nothing new"}
        return operation
    operation["parameters"].append(
        {"name": KEY_HEADER, "in": "header", "required": True,
         "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"}}
    )  # fmt: skip
    if route.takes:
        body = {"application/json": {"schema": names[(route.takes, "validation")]}}
        operation["requestBody"] = {"required": True, "content": body}
    return operation


def _face() -> dict[str, Any]:
    return {"name": FACE_HEADER, "in": "header", "required": False, "schema": {"enum": list(FACES)}}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = re.findall(r"<(?:\w+:)?(\w+)>", path)
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}} for name in names
    ]


def _query_parameters(takes: type[BaseModel] | None) -> list[dict[str, Any]]:
    if takes is None:
        return []
    schema = takes.model_json_schema()
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": shape}
        for name, shape in schema["properties"].items()
    ]
