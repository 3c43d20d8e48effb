"""The one table from errors to answers: a JSON problem for programs, a plain page for people, never a stack trace."""

import logging
from typing import Any

from flask import Flask, Response, jsonify, render_template, request
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from app.kernel.errors import Busy, HomethreadError, Invalid, TooOften
from app.web import principals, texts

log = logging.getLogger(__name__)

HTTP_CODES = {
    400: "not_understood", 403: "not_allowed", 404: "not_found", 405: "method_not_allowed", 413: "too_large",
    414: "too_large", 415: "not_understood", 416: "not_understood", 429: "too_often", 431: "too_large",
    503: "unavailable",
}  # fmt: skip
BUSY_RETRY_SECONDS = 2


def problem(error: HomethreadError, language: str) -> dict[str, Any]:
    """The error shape of the API, of socket acks and of pages."""
    key = f"error.{error.code}"
    known = texts.texts_of(language)
    sentence = known.get(key, known["error.unexpected"]).format_map(error.detail)
    return {"error": error.code, "detail": error.detail, "message": sentence}


def invalid(error: ValidationError) -> Invalid:
    """Which fields were not understood and why, without repeating what was sent."""
    fields = {".".join(str(part) for part in e["loc"]) or "body": e["type"] for e in error.errors(include_input=False)}
    return Invalid("not_understood", fields=fields)


def language_of_request() -> str:
    try:
        who = principals.principal() if request.cookies else None
    except SQLAlchemyError:  # a database that is away has to be told in some language
        who = None
    return who.language if who else texts.best_language(list(request.accept_languages.values()))


def register(app: Flask) -> None:
    app.register_error_handler(HomethreadError, _answer)
    app.register_error_handler(ValidationError, lambda error: _answer(invalid(error)))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _busy)
    app.register_error_handler(Exception, _unexpected)


def _http(error: HTTPException) -> Response:
    if error.code is not None and error.code < 400:
        return Response(status=error.code, headers=error.get_headers())
    named = HomethreadError(HTTP_CODES.get(error.code or 500, "unexpected"))
    named.status = error.code or 500
    response = _answer(named)
    if error.code == 405:
        response.headers["Allow"] = dict(error.get_headers()).get("Allow", "")
    return response


def _busy(error: OperationalError) -> Response:
    """Answer for a database that is away, or so busy that a lock could not be had."""
    log.warning("%s %s had no database: %s", request.method, request.url_rule, type(error.orig).__name__)
    return _answer(Busy("unavailable", BUSY_RETRY_SECONDS))


def _unexpected(error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url_rule, exc_info=error)
    return _answer(HomethreadError("unexpected"))


def _answer(error: HomethreadError) -> Response:
    shape = problem(error, language_of_request())
    if request.path.startswith(("/api/", "/hooks/", "/uploads")) or not request.accept_mimetypes.accept_html:
        response = jsonify(shape)
    else:
        page = render_template("problem.html", problem=shape, language=language_of_request())
        response = Response(page, mimetype="text/html")
    response.status_code = error.status
    if isinstance(error, Busy | TooOften):
        response.headers["Retry-After"] = str(error.retry_seconds)
    return response
