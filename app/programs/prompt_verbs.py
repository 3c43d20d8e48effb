"""The verbs of `homethread prompts`: recordings in a standard language, for every village that has none of its own."""

import argparse
import sys
from pathlib import Path

from app.config import Config


def add_to(prompts: argparse.ArgumentParser) -> None:
    verbs = prompts.add_subparsers(required=True, metavar="verb")
    about = "take in a pack for all villages of a language; what is recorded there stays"
    take = verbs.add_parser("import", help=about, description=about)
    take.add_argument("pack", type=Path, metavar="PACK", help="a zip as the desk saves it")
    take.add_argument("--language", required=True, help="as zh-CN")
    take.set_defaults(run=_import)


def _import(parsed: argparse.Namespace, config: Config) -> int:
    from app.kernel.clock import SystemClock
    from app.kernel.errors import HomethreadError
    from app.storage.database import Database
    from app.villages import packs, prompts
    from app.villages.service import check_language
    from app.villages.words import Speech
    from app.web.errors import problem

    database = Database(config.database_url)
    try:
        check_language(parsed.language)
        pack = packs.opened(parsed.pack.read_bytes())
        with database.begin() as session:
            taken = prompts.fill(
                session, Speech.LANGUAGE, parsed.language, None, pack.recordings, SystemClock().now()
            )  # fmt: skip
    except OSError as wrong:
        sys.stderr.write(f"homethread: {parsed.pack}: {wrong.strerror}\n")
        return 1
    except HomethreadError as refused:
        sys.stderr.write(f"homethread: {problem(refused, 'en')['message']}\n")
        return 1
    sys.stdout.write(
        f"{len(taken)} taken, {len(pack.recordings) - len(taken)} were there already, {pack.unknown} unknown here\n"
    )
    return 0
