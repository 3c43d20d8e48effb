"""The commands of `homethread`. What they do stands in the rooms; here they are named, parsed and printed."""

import argparse
import json
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from app import config as settings
from app.config import BadSetting, Config
from app.programs.supervisor import Program, supervise

READY_SECONDS = 30


def main(arguments: Sequence[str] | None = None) -> int:
    parsed = _parser().parse_args(arguments)
    try:
        run: Callable[[argparse.Namespace, Config], int] = parsed.run
        return run(parsed, settings.load())
    except BadSetting as wrong:
        print(f"homethread: {wrong}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="homethread", description="Calls between far parents and their village.")
    commands = parser.add_subparsers(required=True, metavar="command")

    def add(name: str, run: Callable[[argparse.Namespace, Config], int], about: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=about, description=about)
        command.set_defaults(run=run)
        return command

    demo = add("demo", _demo, "a seeded village to try, with a call two minutes from now; forgotten when it ends")
    demo.add_argument("--port", type=int, default=None, help="port to listen on (default 8080)")
    demo.add_argument("--json", action="store_true", help="print one JSON object with the addresses")
    demo.add_argument("--language", choices=("en", "zh-CN"), default="en", help="language of the village's people")
    add("serve", _serve, "web and worker on one machine, restarted when one dies")
    add("web", _web, "the web program alone")
    add("worker", _worker, "a worker alone")
    add("migrate", _migrate, "bring the database to the newest migration")
    add("check", _check, "test every outside part and say what is wrong")
    add("settings", _settings, "list every setting of the environment")
    seed = add("seed-demo", _seed_demo, argparse.SUPPRESS)
    seed.add_argument("--language", default="en")
    return parser


def _demo(parsed: argparse.Namespace, config: Config) -> int:
    folder = Path(tempfile.mkdtemp(prefix="homethread-demo-"))
    try:
        port = parsed.port or config.port
        environment = {
            "HOMETHREAD_DATA_DIR": str(folder), "HOMETHREAD_PORT": str(port), "HOMETHREAD_DEMO": "1",
            "HOMETHREAD_DATABASE_URL": "", "HOMETHREAD_REDIS_URL": "", "HOMETHREAD_PUBLIC_URL": "",
            "HOMETHREAD_LOG_LEVEL": "warning",
        }  # fmt: skip
        ours = settings.load(_with(environment))
        _check_port(ours)
        subprocess.run(_ourselves("migrate"), env=_with(environment), check=True)  # noqa: S603 - ourselves
        # The village is drawn while the programs start: both take seconds, and there are two cores.
        command = [*_ourselves("seed-demo"), "--language", parsed.language]
        with subprocess.Popen(command, env=_with(environment), stdout=subprocess.PIPE, text=True) as seeding:  # noqa: S603
            return _supervised(ours, environment, lambda: _print_demo(_seeded(seeding), as_json=parsed.json))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _seeded(seeding: "subprocess.Popen[str]") -> dict[str, str]:
    """Wait for the village; its addresses."""
    written, _errors = seeding.communicate()
    if seeding.returncode:
        raise subprocess.CalledProcessError(seeding.returncode, seeding.args)
    shown: dict[str, str] = json.loads(written)
    return shown


def _print_demo(shown: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(shown), flush=True)
        return
    print("Homethread: a village to try. Each address opens once, already signed in.\n")
    for name, about in (
        ("terminal", "the terminal in the village (touch the screen once, so that it may ring)"),
        ("parent", "the mother's phone"),
        ("desk", "the coordinator's desk"),
        ("phones", "the simulated phones, with the texts they got"),
    ):
        print(f"  {about}\n    {shown[name]}\n")
    print(f"The call is at {shown['call_at']}. Ctrl-C ends the village and forgets it.", flush=True)


def _serve(_parsed: argparse.Namespace, config: Config) -> int:
    _check_port(config)
    subprocess.run(_ourselves("migrate"), check=True)  # noqa: S603 - in a process of its own: this one stays small
    return _supervised(config, {}, lambda: print(f"homethread: ready at {config.public_url}", flush=True))


def _supervised(config: Config, environment: dict[str, str], on_ready: Callable[[], None]) -> int:
    programs = [Program(name, tuple(_ourselves(name)), _with(environment)) for name in ("web", "worker")]
    ready_url = f"http://{config.host}:{config.port}/healthz"
    return supervise(programs, ready_url=ready_url, on_ready=on_ready, ready_seconds=READY_SECONDS)


def _check_port(config: Config) -> None:
    """Refuse a port that somebody has: what answers there would be taken for us."""
    with socket.socket(socket.AF_INET6 if ":" in config.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.host, config.port))
        except OSError as taken:
            wrong = f"HOMETHREAD_PORT {config.port} can't be used ({taken.strerror}); try another, as with --port"
            raise BadSetting(wrong) from taken


def _ourselves(command: str) -> list[str]:
    return [sys.executable, "-m", "app", command]


def _with(environment: dict[str, str]) -> dict[str, str]:
    return {**settings.inherited(), **environment}


def _web(_parsed: argparse.Namespace, config: Config) -> int:
    from app.programs import logs, web

    logs.start(config.log_level)
    web.run(config)
    return 0


def _worker(_parsed: argparse.Namespace, config: Config) -> int:
    from app.programs import logs, worker

    logs.start(config.log_level)
    worker.run(config)
    return 0


def _migrate(_parsed: argparse.Namespace, config: Config) -> int:
    from app.storage import migrate
    from app.storage.database import Database

    config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    migrate.upgrade(Database(config.database_url))
    return 0


def _check(_parsed: argparse.Namespace, config: Config) -> int:
    from app.programs import check

    found = list(check.findings(config))
    for finding in found:
        print(f"{'ok  ' if finding.is_fine else 'BAD '} {finding.part}: {finding.says}")
    return 0 if all(finding.is_fine for finding in found) else 1


def _settings(_parsed: argparse.Namespace, _config: Config) -> int:
    for setting in settings.SETTINGS:
        print(f"{settings.PREFIX}{setting.name:18} {setting.default or '(empty)':18} {setting.about}")
    return 0


def _seed_demo(parsed: argparse.Namespace, config: Config) -> int:
    from app.demo import seeding

    print(json.dumps(seeding.run(config, parsed.language)))
    return 0
