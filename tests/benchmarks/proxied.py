"""A village as deployed: behind the Caddy of `homethread deploy`, TLS and HTTP/2, for browsers that trust its key."""

import base64
import hashlib
from contextlib import ExitStack
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.programs import deployment
from app.storage.database import Database
from app.storage.migrate import upgrade
from tests.browser.village import Village, open_village
from tests.scene import at
from tests.services.caddy import PrivateCaddy

DOMAIN = "calls.test"


def village_behind(stack: ExitStack, folder: Path, bind: str) -> tuple[Village, PrivateCaddy]:
    list(deployment.write(folder / "files", DOMAIN))
    village = village_in(stack, folder / "behind", PROXIES="1", PUBLIC_URL=f"https://{DOMAIN}")
    caddy = PrivateCaddy((folder / "files/Caddyfile").read_text(), DOMAIN, village.port, bind=bind)
    stack.callback(caddy.stop)
    return village, caddy


def village_in(stack: ExitStack, folder: Path, **settings: str) -> Village:
    folder.mkdir()
    url = f"sqlite:///{folder / 'homethread.sqlite'}"
    database = Database(url)
    upgrade(database)
    database.close()
    village = open_village(folder, url, at(18), **settings)
    stack.callback(village.stop)
    return village


def trusting(caddy: PrivateCaddy, bind: str) -> list[str]:
    """Chromium's flags; a certificate that is ignored by name alone isn't cached."""
    return [
        f"--host-resolver-rules=MAP {DOMAIN} {bind}",
        f"--ignore-certificate-errors-spki-list={_key_of(caddy)}",
    ]


def _key_of(caddy: PrivateCaddy) -> str:
    """The SHA-256 of the public key of its authority, which signs the certificate that it serves."""
    certificate = x509.load_pem_x509_certificate(next(caddy.folder.rglob("intermediate.crt")).read_bytes())
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()
