"""The verbs of `homethread keys`: what seals voice messages."""

import argparse
import sys

from app.config import PREFIX, Config

BATCH = 100


def add_to(keys: argparse.ArgumentParser) -> None:
    verbs = keys.add_subparsers(required=True, metavar="verb")
    about = "wrap every family's key by a new master key; messages can be read and sent meanwhile"
    rotate = verbs.add_parser("rotate", help=about, description=about)
    rotate.set_defaults(run=_rotate)


def _rotate(_parsed: argparse.Namespace, config: Config) -> int:
    """Recordings stay as they are: what sealed them is wrapped anew, a few families at a time."""
    from app import bootstrap
    from app.messages import keyring
    from app.storage.clashes import in_one
    from app.storage.database import Database

    if not config.message_keys:
        keyring.renew(config.data_dir)
    vault, database, count = bootstrap.vault(config), Database(config.database_url), 0
    try:
        while wrapped := in_one(database, lambda session: vault.rewrap(session, BATCH)):
            count += wrapped
    except keyring.UnknownMaster as unknown:
        sys.stderr.write(f"homethread: after {count} families: master key {unknown} is missing\n")
        return 1
    named = f"the first of {PREFIX}MESSAGE_KEYS" if config.message_keys else f"the first in {keyring.FILE}"
    sys.stdout.write(
        f"{count} families' keys are wrapped by {vault.keyring.newest}, {named}. Keep the older ones for backups.\n"
    )
    return 0
