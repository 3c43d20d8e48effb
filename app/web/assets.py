"""Static files as browsers get them: read and compressed once, at an address that changes with their content.

The address carries a hash of the whole folder, so every file may be cached for ever and relative imports between
modules stay as they are written. The list of a face's modules, for preload and later for the service worker, is
read from the imports themselves.
"""

import base64
import hashlib
import json
import mimetypes
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path, PurePosixPath

from flask import Blueprint, Response, request

from app.kernel.errors import NotFound
from app.web import packing, texts
from app.web.principals import ANYONE, FACES, allow

IMPORT = re.compile(
    r"^\s*(?:import|export)\b[^;'\"]*?from\s*['\"](\.[^'\"]+)['\"]|^\s*import\s*['\"](\.[^'\"]+)['\"]", re.M
)
SHARED_STYLES = ("ui/tokens.css", "ui/elements.css")
JSDOC = re.compile(r"[ \t]*/\*\*.*?\*/(?:[ \t]*\n)?", re.S)
FULL_LINE_COMMENT = re.compile(r"^[ \t]*//.*\n", re.M)
TRAILING_COMMENT = re.compile(r"(?<=[;,{}()\]]) // [^'\"`\n]*$", re.M)  # in a string a quote would follow
SERVED = {".js", ".css", ".svg", ".webmanifest", ".json"}
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("application/manifest+json", ".webmanifest")


@dataclass(frozen=True)
class Asset:
    """Each form is made when a browser first asks for it: the start does not wait for the whole folder."""

    plain: bytes
    mime: str

    @cached_property
    def packed(self) -> dict[str, bytes]:
        """By `Content-Encoding`, those that are smaller than the plain one."""
        forms = {encoding: pack(self.plain) for encoding, pack in packing.HARDEST.items()}
        return {encoding: form for encoding, form in forms.items() if len(form) < len(self.plain)}


class Assets:
    def __init__(self, folder: Path) -> None:
        paths = sorted(p for p in folder.rglob("*") if p.suffix in SERVED and "tsconfig" not in p.name)
        self._files = {p.relative_to(folder).as_posix(): _asset(p) for p in paths}
        self._files |= {f"{face}.whole.css": self._stylesheet(face) for face in FACES}
        self._files |= {
            f"texts/{language}/{part}.json": _sentences(part, language)
            for language in texts.languages()
            for part in texts.LATER
        }
        digest = hashlib.sha256()
        for name, asset in self._files.items():
            digest.update(name.encode() + b"\0" + asset.plain)
        self.version = digest.hexdigest()[:10]
        self.prefix = f"/static/{self.version}"
        self.modules_of = cache(self._modules_of)

    def data_url(self, name: str) -> str:
        """A small file as an address that needs no request."""
        asset = self.get(name)
        return f"data:{asset.mime};base64,{base64.b64encode(asset.plain).decode()}"

    def _stylesheet(self, face: str) -> Asset:
        """The styles of one face in one file: each request costs a thin link more than its bytes."""
        parts = [self._files[name].plain for name in (*SHARED_STYLES, f"{face}.css")]
        return Asset(b"\n".join(parts), "text/css")

    def get(self, name: str) -> Asset:
        if name not in self._files:
            raise NotFound
        return self._files[name]

    def _modules_of(self, entry: str) -> list[str]:
        """Every module that `entry` imports statically, itself first."""
        found: dict[str, None] = {}
        waiting = [entry]
        while waiting:
            name = waiting.pop(0)
            if name in found or name not in self._files:
                continue
            found[name] = None
            source = self._files[name].plain.decode()
            waiting += [_resolve(name, a or b) for a, b in IMPORT.findall(source)]
        return list(found)


def blueprint(assets: Assets) -> Blueprint:
    routes = Blueprint("assets", __name__)

    @routes.get("/static/<version>/<path:name>")
    @allow(ANYONE)
    def asset(version: str, name: str) -> Response:
        found = assets.get(name)
        encoding = packing.best(request.accept_encodings, found.packed)
        response = Response(found.packed[encoding] if encoding else found.plain, mimetype=found.mime)
        if encoding:
            response.headers["Content-Encoding"] = encoding
        response.headers["Vary"] = "Accept-Encoding"
        fresh = version == assets.version
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if fresh else "no-store"
        return response

    @routes.get("/sw.js")
    @allow(ANYONE)
    def service_worker() -> Response:
        """At the root, since it may see to no more than what lies below its address; asked for anew each time.

        With `?modules` it is one for browsers whose service workers know modules, and does what these do besides.
        """
        parts = "".join(f'import "{assets.prefix}/worker/{name}.js";\n' for name in ("sw", "sending"))
        plain = parts.encode() if "modules" in request.args else assets.get("worker/sw.js").plain
        response = Response(plain, mimetype="text/javascript")
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Content-Security-Policy"] = "default-src 'none'; script-src 'self'; connect-src 'self'"
        response.add_etag()
        response.make_conditional(request)
        return response

    return routes


def _asset(path: Path) -> Asset:
    plain = path.read_bytes()
    if path.suffix == ".js":
        plain = without_comments(plain.decode()).encode()
    return Asset(plain, mimetypes.guess_type(path.name)[0] or "application/octet-stream")


def without_comments(source: str) -> str:
    """A module without its JSDoc and its comments: they are for us, and a third of its bytes.

    House style keeps this safe: no string or pattern in our modules contains what begins a JSDoc comment.
    """
    return TRAILING_COMMENT.sub("", FULL_LINE_COMMENT.sub("", JSDOC.sub("", source)))


def _sentences(part: str, language: str) -> Asset:
    sentences = texts.texts_of_part(part, language)
    return Asset(json.dumps(sentences, ensure_ascii=False, separators=(",", ":")).encode(), "application/json")


def _resolve(importer: str, relative: str) -> str:
    parts: list[str] = []
    for part in (PurePosixPath(importer).parent / relative).parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
