"""A certificate authority of this machine's own, and the certificate it gives the machine for its local addresses.

For trying real phones on one's own Wi-Fi: browsers give camera and microphone to `https` alone. Whoever installs the
authority trusts it for local addresses and names only; it can't speak for any other site, even if its key is stolen.
"""

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.programs.addresses import LOCAL, Address

AUTHORITY_LASTS = timedelta(days=3650)
LASTS = timedelta(days=396)  # browsers refuse what lasts longer than 398 days
RENEWED_BEFORE = timedelta(days=30)
CLOCKS_DIFFER = timedelta(hours=12)  # phones in the village run ahead and behind
NAMES = ("localhost", "local")

SERVER_AUTH = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])


@dataclass(frozen=True)
class Identity:
    """A key and the certificate that goes with it."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


class LocalAuthority:
    """Lies in one folder: `ca.crt` to be installed, `ca.pem` with its key, `server.pem` for the web program."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder

    @property
    def server_file(self) -> Path:
        """Key and chain in one file, so that both change at once; it is read anew for each connection."""
        return self._folder / "server.pem"

    def certify(self, addresses: Sequence[Address], host_name: str, now: datetime) -> x509.Certificate:
        """Give the authority's certificate, with a server's in place that holds for these addresses a while longer."""
        authority = self._authority(now)
        names = _names(addresses, host_name)
        if not self._is_good(authority, names, now):
            leaf = _leaf(authority, names, now)
            _write(self.server_file, _pem(leaf.key), _pem(leaf.certificate), _pem(authority.certificate))
        return authority.certificate

    def _authority(self, now: datetime) -> Identity:
        kept = self._folder / "ca.pem"
        authority = _read(kept)
        if authority is None or authority.certificate.not_valid_after_utc < now + LASTS:
            authority = _new_authority(now)
            _write(kept, _pem(authority.key), _pem(authority.certificate))
        (self._folder / "ca.crt").write_bytes(_pem(authority.certificate))
        return authority

    def _is_good(self, authority: Identity, names: list[x509.GeneralName], now: datetime) -> bool:
        server = _read(self.server_file)
        if server is None or server.certificate.issuer != authority.certificate.subject:
            return False
        held = server.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return set(names) <= set(held) and server.certificate.not_valid_after_utc > now + RENEWED_BEFORE


def _new_authority(now: datetime) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    # The name ends with the key's own mark: an authority that was made anew is another one, also in a phone's list.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Homethread local {identifier.digest.hex()[:8]}")])
    permitted: list[x509.GeneralName] = [x509.IPAddress(network) for network in LOCAL]
    permitted += [x509.DNSName(one) for one in NAMES]
    certificate = (
        _begun(name, name, key, now, AUTHORITY_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(SERVER_AUTH, critical=False)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    return Identity(key, certificate)


def _leaf(authority: Identity, names: list[x509.GeneralName], now: datetime) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Homethread")])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    certificate = (
        _begun(name, authority.certificate.subject, key, now, LASTS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(SERVER_AUTH, critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(issuer, critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return Identity(key, certificate)


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, lasts: timedelta
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - CLOCKS_DIFFER).not_valid_after(now + lasts)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _names(addresses: Sequence[Address], host_name: str) -> list[x509.GeneralName]:
    loopback = [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]
    dns = ["localhost", *([f"{host_name}.local"] if host_name.isascii() and host_name else [])]
    return [*map(x509.DNSName, dns), *map(x509.IPAddress, dict.fromkeys([*addresses, *loopback]))]


def _pem(what: ec.EllipticCurvePrivateKey | x509.Certificate) -> bytes:
    if isinstance(what, x509.Certificate):
        return what.public_bytes(serialization.Encoding.PEM)
    form = serialization.PrivateFormat.PKCS8
    return what.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _write(path: Path, *parts: bytes) -> None:
    """Put the file there at once and whole, for its owner's eyes only."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(b"".join(parts))
    fresh.replace(path)


def _read(path: Path) -> Identity | None:
    if not path.exists():
        return None
    pem = path.read_bytes()
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return None
    return Identity(key, x509.load_pem_x509_certificates(pem)[0])
