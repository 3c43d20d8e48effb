"""The simulated phones as a page. It exists in the demo only, and is open: it plays what people hold in their hands."""

import json
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from pydantic import Field

from app.kernel.errors import Invalid
from app.kernel.local_time import wall_of
from app.kernel.numbers import masked
from app.notices.handsets import LONGEST_TYPED, STRANGER, Phone, phone_of, phones
from app.notices.ports import Handsets, HandsetText
from app.web import limits, texts
from app.web.api import KEY_HEADER, LARGEST_JSON_BYTES, LONGEST_KEY
from app.web.errors import language_of_request
from app.web.floor import floor
from app.web.principals import ANYONE, allow
from app.web.shapes import Shape, Text

TYPED = limits.Limit("handset_text", 60, 60)


class Typed(Shape):
    """What is typed on a phone; `id` is the phone's."""

    id: str = Field(max_length=16)
    text: Text = Field(min_length=1, max_length=LONGEST_TYPED)


def blueprint(handsets: Handsets) -> Blueprint:
    routes = Blueprint("demo_phones", __name__, url_prefix="/demo/phones")

    @routes.get("")
    @allow(ANYONE)
    def page() -> Response:
        return _page()

    @routes.get("/texts")
    @allow(ANYONE)
    def screens() -> Response:
        return _screens(handsets)

    @routes.post("/texts")
    @allow(ANYONE)
    def send() -> tuple[Response, int]:
        _send(handsets)
        return jsonify({}), 201

    return routes


def _page() -> Response:
    language = language_of_request()
    shown = texts.texts_for_face("handset", language)
    page = render_template(
        "handsets.html", language=language, assets=f"/static/{floor().version}", text=shown,
        texts=json.dumps(shown, ensure_ascii=False).replace("<", "\\u003c"), longest=LONGEST_TYPED,
    )  # fmt: skip
    response = Response(page)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Cookie, Accept-Language"
    return response


def _screens(handsets: Handsets) -> Response:
    """All phones with their newest texts, and the whole screen of the one that is asked for."""
    with floor().database.read() as session:
        all_phones = phones(session, handsets)
    shown: dict[str, Any] = {"phones": [_phone(phone) for phone in all_phones]}
    if "of" in request.args:
        phone = phone_of(all_phones, request.args["of"])
        shown["texts"] = [_text(each, phone) for each in handsets.texts(phone.number)]
    response = jsonify(shown)
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def _send(handsets: Handsets) -> None:
    request.max_content_length = LARGEST_JSON_BYTES
    key = request.headers.get(KEY_HEADER, "")
    if not 1 <= len(key) <= LONGEST_KEY:
        raise Invalid("idempotency_key_missing", header=KEY_HEADER)
    typed = Typed.model_validate_json(request.get_data(), strict=True)
    with floor().database.read() as session:
        phone = phone_of(phones(session, handsets), typed.id)
    limits.count(floor().database, [(TYPED, phone.id)], floor().now())
    handsets.write(phone.number, typed.text, f"typed:{phone.id}:{key}")


def _phone(phone: Phone) -> dict[str, Any]:
    return {
        "id": phone.id,
        "number": masked(phone.number),
        "names": [holder.name for holder in phone.holders],
        "family": phone.holders[0].family if phone.holders else None,
        "role": phone.holders[0].role if phone.holders else None,
        "is_stranger": phone.number == STRANGER and not phone.holders,
        "language": phone.language,
        "count": phone.count,
        "newest": _text(phone.newest, phone) if phone.newest else None,
    }


def _text(text: HandsetText, phone: Phone) -> dict[str, Any]:
    at = f"{wall_of(text.at, phone.zone):%m-%d %H:%M}"
    return {"id": text.key, "at": at, "text": text.text, "is_own": text.is_own}
