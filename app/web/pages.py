"""The pages: one shell per face, and the door that a one-time address opens."""

import json
from collections.abc import Callable

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response as AnyResponse

from app.kernel.errors import HomethreadError
from app.web import packing, sessions, texts
from app.web.assets import Assets
from app.web.errors import language_of_request
from app.web.floor import floor
from app.web.principals import ANYONE, FACES, allow, cookie_name, keep_token, principal

SMALLEST_TO_PACK = 500


def blueprint(assets: Assets) -> Blueprint:
    routes = Blueprint("pages", __name__)

    @routes.get("/")
    @allow(ANYONE)
    def index() -> Response:
        return _page("index.html", assets)

    @routes.get("/enter/<secret>")
    @allow(ANYONE)
    def enter(secret: str) -> AnyResponse:
        """Sign this browser in, once, and open its face; a browser that is signed in already may come again."""
        if request.method == "HEAD":  # messengers look ahead with it, and must not use the code up
            raise MethodNotAllowed(["GET"])
        face = request.args.get("face", "phone")
        try:
            with floor().database.begin() as session:
                device, token = sessions.enter(session, secret, floor().now())
        except HomethreadError:
            if face in FACES and request.cookies.get(cookie_name(face)) and principal() is not None:
                return redirect(f"/{face}")
            raise
        face = next(face for face, kind in FACES.items() if kind is device.kind)
        response = redirect(f"/{face}")
        keep_token(response, device.kind, token)
        return response

    for face in FACES:
        routes.add_url_rule(f"/{face}", face, allow(ANYONE)(_face_view(face, assets)))
    return routes


def _face_view(face: str, assets: Assets) -> Callable[[], Response]:
    def view() -> Response:
        return _page(
            "face.html", assets, face=face, modules=assets.modules_of(f"{face}.js"), icon=assets.data_url("favicon.svg")
        )

    view.__name__ = face
    return view


def _page(template: str, assets: Assets, **values: object) -> Response:
    language = language_of_request()
    shown = texts.texts_for_face(str(values.get("face", "common")), language)
    page = render_template(
        template, language=language, assets=assets.prefix, version=floor().version, text=shown,
        texts=json.dumps(shown, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"), **values,
    )  # fmt: skip
    response = Response(page, mimetype="text/html")
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Cookie, Accept-Language"
    response.add_etag()
    response.make_conditional(request)
    return response


def pack(response: Response) -> Response:
    """Compress what is made per request: pages and answers; assets are compressed already."""
    encoding = packing.best(request.accept_encodings, packing.QUICK)
    body_is_text = (response.mimetype or "").startswith("text/") or response.mimetype == "application/json"
    if (
        not body_is_text
        or response.direct_passthrough
        or "Content-Encoding" in response.headers
        or encoding is None
        or len(response.get_data()) < SMALLEST_TO_PACK
    ):
        return response
    response.set_data(packing.QUICK[encoding](response.get_data()))
    response.headers["Content-Encoding"] = encoding
    response.headers.add("Vary", "Accept-Encoding")
    return response
