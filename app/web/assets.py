"""Static files as browsers get them: read once, compressed once, at an address that changes with their content.

The address carries a hash of the whole folder, so every file may be cached for ever and relative imports between
modules stay as they are written. The list of a face's modules, for preload and later for the service worker, is
read from the imports themselves.
"""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from flask import Blueprint, Response, request

from app.kernel.errors import NotFound
from app.web.principals import ANYONE, allow

IMPORT = re.compile(
    r"^\s*(?:import|export)\b[^;'\"]*?from\s*['\"](\.[^'\"]+)['\"]|^\s*import\s*['\"](\.[^'\"]+)['\"]", re.M
)
SERVED = {".js", ".css", ".svg", ".webmanifest", ".json"}
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("application/manifest+json", ".webmanifest")


@dataclass(frozen=True)
class Asset:
    plain: bytes
    packed: bytes
    mime: str


class Assets:
    def __init__(self, folder: Path) -> None:
        paths = sorted(p for p in folder.rglob("*") if p.suffix in SERVED and "tsconfig" not in p.name)
        self._files = {p.relative_to(folder).as_posix(): _asset(p) for p in paths}
        digest = hashlib.sha256()
        for name, asset in self._files.items():
            digest.update(name.encode() + b"\0" + asset.plain)
        self.version = digest.hexdigest()[:10]
        self.prefix = f"/static/{self.version}"
        self.modules_of = cache(self._modules_of)

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
        is_packed = request.accept_encodings["gzip"] > 0 and len(found.packed) < len(found.plain)
        response = Response(found.packed if is_packed else found.plain, mimetype=found.mime)
        if is_packed:
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
        fresh = version == assets.version
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if fresh else "no-store"
        return response

    return routes


def _asset(path: Path) -> Asset:
    plain = path.read_bytes()
    mime = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Asset(plain, gzip.compress(plain, 9, mtime=0), mime)


def _resolve(importer: str, relative: str) -> str:
    parts: list[str] = []
    for part in (PurePosixPath(importer).parent / relative).parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
