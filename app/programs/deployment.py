"""`homethread deploy`: the files of a real installation, filled in with a name, a secret and where this program lies.

The files of `app/deploy` are whole and right as they stand, for `calls.example.org`; that is what gets replaced.
"""

import os
import re
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

from app.config import BadSetting

EXAMPLES = Path(__file__).parent.parent / "deploy"
DOMAIN, SECRET, PROGRAM = "calls.example.org", "the-secret-of-the-relay", "/opt/homethread/bin/homethread"
LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
ABOUT = {
    "Caddyfile": "the proxy: /etc/caddy/Caddyfile",
    "homethread.env": "settings, with a new secret: /etc/homethread/homethread.env, mode 0600",
    "homethread.service": "one machine: /etc/systemd/system",
    "homethread-web.service": "several machines: /etc/systemd/system",
    "homethread-worker@.service": "several machines: /etc/systemd/system",
    "homethread-media@.service": "several machines: /etc/systemd/system",
    "turnserver.conf": "the relay, with the same secret: /etc/turnserver.conf, mode 0640",
    "terminal.txt": "how to set a village's terminal up, on a small computer or on Android",
    "terminal-policy.json": "at the terminal: /etc/chromium/policies/managed/homethread.json",
    "homethread-terminal.service": "at the terminal: /etc/systemd/system",
    "homethread-screen@.service": "at the terminal: /etc/systemd/system",
    "homethread-screen-off.timer": "at the terminal, with the hours of the village: /etc/systemd/system",
    "homethread-screen-on.timer": "at the terminal: the same",
}


def write(folder: Path, domain: str) -> Iterator[tuple[Path, str]]:
    """Write each file; its path and what it is for. One that is there already is never replaced."""
    if len(domain) > 253 or not re.fullmatch(rf"({LABEL}\.)+{LABEL}", domain):
        raise BadSetting(f"--domain {domain} is not a name of the kind calls.example.org")
    there = [name for name in ABOUT if (folder / name).exists()]
    if there:
        raise BadSetting(f"{folder} has {', '.join(there)} already: give another folder")
    folder.mkdir(parents=True, exist_ok=True)
    program = Path(sys.executable).with_name("homethread")
    known = {DOMAIN: domain, SECRET: secrets.token_hex(32), PROGRAM: str(program) if program.exists() else PROGRAM}
    for name, about in ABOUT.items():
        filled = (EXAMPLES / name).read_text()
        for example, ours in known.items():
            filled = filled.replace(example, ours)
        with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(filled)
        yield folder / name, about
