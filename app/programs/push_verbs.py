"""The verbs of `homethread push`."""

import argparse
import sys
from pathlib import Path

from app.config import PREFIX, Config


def add_to(push: argparse.ArgumentParser) -> None:
    verbs = push.add_subparsers(required=True, metavar="verb")
    about = "make the key that pushes are signed with; every browser that wants pushes is bound to it"
    key = verbs.add_parser("key", help=about, description=about)
    key.add_argument("file", type=Path, metavar="FILE", help="where it is to lie; a file that is there is left alone")
    key.set_defaults(run=_key)


def _key(parsed: argparse.Namespace, _config: Config) -> int:
    from app.gateways.web_push import make_key

    try:
        make_key(parsed.file)
    except OSError as wrong:
        sys.stderr.write(f"homethread: {parsed.file}: {wrong.strerror}\n")
        return 1
    sys.stdout.write(f"{PREFIX}PUSH_KEY={parsed.file.absolute()}\n{PREFIX}PUSH_CONTACT=mailto:whoever@looks.after.it\n")
    return 0
