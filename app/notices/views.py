"""The simulated phones as a page. It exists in the demo only, and is open: it plays what people hold in their hands."""

import hashlib
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request

from app.families.models import Person
from app.kernel.local_time import wall_of
from app.kernel.numbers import E164, masked
from app.notices import queries
from app.notices.ports import Handsets
from app.notices.templates import short_name
from app.web import texts
from app.web.errors import language_of_request
from app.web.floor import floor
from app.web.principals import ANYONE, allow


def blueprint(handsets: Handsets) -> Blueprint:
    routes = Blueprint("demo_phones", __name__, url_prefix="/demo/phones")

    @routes.get("")
    @allow(ANYONE)
    def page() -> Response:
        language = language_of_request()
        shown = texts.texts_for_face("handset", language)
        assets = f"/static/{floor().version}"
        response = Response(render_template("handsets.html", language=language, assets=assets, text=shown))
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["Vary"] = "Cookie, Accept-Language"
        return response

    @routes.get("/texts")
    @allow(ANYONE)
    def screens() -> Response:
        with floor().database.read() as session:
            holders = queries.holders(session)
            numbers = dict.fromkeys([*holders, *handsets.numbers()])
            phones = [_phone(handsets, E164(number), holders.get(number, [])) for number in numbers]
        response = jsonify({"phones": phones})
        response.headers["Cache-Control"] = "private, no-cache"
        response.add_etag()
        response.make_conditional(request)
        return response

    return routes


def _phone(handsets: Handsets, number: E164, held_by: list[Person]) -> dict[str, Any]:
    zone = held_by[0].zone if held_by else "UTC"
    return {
        "id": hashlib.blake2s(number.encode(), digest_size=6).hexdigest(),
        "number": masked(number),
        "names": [short_name(person.name) for person in held_by],
        "language": held_by[0].language if held_by else texts.FALLBACK,
        "texts": [
            {"id": each.key, "at": f"{wall_of(each.at, zone):%m-%d %H:%M}", "text": each.text}
            for each in handsets.texts(number)
        ],
    }
