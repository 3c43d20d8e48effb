"""The commands of `homethread`. What they do stands in the rooms; here they are named, parsed and printed."""

import argparse
import getpass
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from app import config as settings
from app.config import BadSetting, Config
from app.programs import key_verbs, prompt_verbs, push_verbs, serving, text_verbs

Run = Callable[[argparse.Namespace, Config], int]


def main(arguments: Sequence[str] | None = None) -> int:
    parsed = _parser().parse_args(arguments)
    try:
        run: Run = parsed.run
        return run(parsed, settings.load())
    except BadSetting as wrong:
        print(f"homethread: {wrong}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="homethread", description="Calls between far parents and their village.")
    commands = parser.add_subparsers(required=True, metavar="command")

    def add(name: str, run: Run, about: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=about, description=about)
        command.set_defaults(run=run)
        return command

    demo = add("demo", _demo, "a seeded village to try, with a call two minutes from now; forgotten when it ends")
    demo.add_argument("--port", type=int, default=None, help="port to listen on (default 8080)")
    demo.add_argument("--json", action="store_true", help="print one JSON object with the addresses")
    demo.add_argument("--language", choices=("en", "zh-CN"), default="en", help="language of the village's people")
    demo.add_argument("--families", type=_families, default=3, metavar="N", help="how many live there, 3 to 60")
    serve = add("serve", _serve, "web, worker and media on one machine, restarted when one dies")
    serve.add_argument(
        "--tls", choices=("lan",), help="lan: with a certificate of its own, for phones on the same Wi-Fi"
    )
    add("web", _web, "the web program alone")
    add("worker", _worker, "a worker alone")
    add("media", _media, "a media program alone: line checks, messages left over a call, calls of three and more")
    add("migrate", _migrate, "bring the database to the newest migration")
    check = add("check", _check, "test every outside part and say what is wrong")
    outside = check.add_mutually_exclusive_group()
    outside.add_argument("--for-outside", action="store_true", help="print a code by which another machine can test")
    outside.add_argument("--from-outside", metavar="CODE", help="test page, sockets and relays from this machine")
    deploy = add("deploy", _deploy, "write the files of a real installation: proxy, services, relay")
    deploy.add_argument("folder", type=Path)
    deploy.add_argument("--domain", required=True, help="the name under which people find it, as calls.example.org")
    add("settings", _settings, "list every setting of the environment")
    routes = add("routes", _routes, "list who may call which route, in Markdown")
    routes.add_argument("--readme", type=Path, default=None, help="put it between the markers of this file instead")
    add("lan-certificate", _lan_certificate, argparse.SUPPRESS)
    add("lan-page", _lan_page, argparse.SUPPRESS)
    seed = add("seed-demo", _seed_demo, argparse.SUPPRESS)
    seed.add_argument("--language", default="en")
    seed.add_argument("--families", type=int, default=3)
    _add_village(commands.add_parser("village", help="found a village"))
    _add_coordinator(commands.add_parser("coordinator", help="who may sign in at a desk: add, reset, end, list"))
    push_verbs.add_to(commands.add_parser("push", help="pushes to browsers: key"))
    key_verbs.add_to(commands.add_parser("keys", help="keys that seal voice messages: rotate"))
    prompt_verbs.add_to(commands.add_parser("prompts", help="what terminals say in a standard language: import"))
    text_verbs.add_to(commands.add_parser("sms", help="texts: templates, count"))
    return parser


def _families(text: str) -> int:
    """As many as are drawn before the call begins."""
    if not text.isdecimal() or not 3 <= int(text) <= 60:
        raise argparse.ArgumentTypeError("a number from 3 to 60")
    return int(text)


def _add_village(village: argparse.ArgumentParser) -> None:
    add = village.add_subparsers(required=True, metavar="verb").add_parser("add", help="found a village")
    add.add_argument("name")
    add.add_argument("--zone", required=True, help="its time zone, as Asia/Shanghai")
    add.add_argument("--language", default="zh-CN", help="what its people speak (default zh-CN)")
    add.set_defaults(run=_village_add)


def _add_coordinator(coordinator: argparse.ArgumentParser) -> None:
    verbs = coordinator.add_subparsers(required=True, metavar="verb")

    def verb(name: str, run: Run, about: str, *, asks: bool = False) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=about, description=about)
        made.set_defaults(run=run)
        if name != "list":
            made.add_argument("login")
        if asks:
            made.add_argument("--password-stdin", action="store_true", help="read the password from the first line")
        return made

    add = verb("add", _coordinator_add, "give somebody a login; shows the second factor once", asks=True)
    add.add_argument("--name", required=True, help="as families know them")
    add.add_argument("--village", required=True, help="name or id")
    add.add_argument("--operator", action="store_true", help="may look at every village")
    add.add_argument("--language", default=None, help="what the desk speaks (default: the village's)")
    verb("reset", _coordinator_reset, "a new password and second factor; ends their sessions", asks=True)
    verb("end", _coordinator_end, "let somebody in nowhere any more, from now on")
    verb("list", _coordinator_list, "list who has a login")


def _demo(parsed: argparse.Namespace, config: Config) -> int:
    folder = Path(tempfile.mkdtemp(prefix="homethread-demo-"))
    try:
        port = parsed.port or config.port
        environment = {
            "HOMETHREAD_DATA_DIR": str(folder), "HOMETHREAD_PORT": str(port), "HOMETHREAD_DEMO": "1",
            "HOMETHREAD_DATABASE_URL": "", "HOMETHREAD_REDIS_URL": "", "HOMETHREAD_PUBLIC_URL": "",
            "HOMETHREAD_LOG_LEVEL": "warning", "HOMETHREAD_MEDIA_PORT": "0", "HOMETHREAD_MEDIA_WEB_URL": "",
        }  # fmt: skip
        ours = settings.load(serving.with_(environment))
        serving.check_port(ours, ours.port)
        subprocess.run(serving.ourselves("migrate"), env=serving.with_(environment), check=True)  # noqa: S603 - ourselves
        # The village is drawn while the programs start: both take seconds, and there are two cores.
        village = ["--language", parsed.language, "--families", str(parsed.families)]
        command = [*serving.ourselves("seed-demo"), *village]
        with subprocess.Popen(command, env=serving.with_(environment), stdout=subprocess.PIPE, text=True) as seeding:  # noqa: S603
            return serving.supervised(ours, environment, lambda: _print_demo(_seeded(seeding), as_json=parsed.json))
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


def _serve(parsed: argparse.Namespace, config: Config) -> int:
    return serving.serve(config, to_lan=parsed.tls == "lan")


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


def _media(_parsed: argparse.Namespace, config: Config) -> int:
    from app.programs import logs, media

    logs.start(config.log_level)
    media.run(config)
    return 0


def _migrate(_parsed: argparse.Namespace, config: Config) -> int:
    from app.storage import migrate
    from app.storage.database import Database

    config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(config.database_url)
    migrate.upgrade(database)
    if not config.is_demo:
        from app.programs.people import first_steps

        if steps := first_steps(database):
            print(steps, flush=True)
    return 0


def _village_add(parsed: argparse.Namespace, config: Config) -> int:
    from app.programs.people import Office, in_words

    with in_words():
        print(Office(config).add_village(parsed.name, parsed.zone, parsed.language))
    return 0


def _coordinator_add(parsed: argparse.Namespace, config: Config) -> int:
    from app.programs.people import Office, in_words

    with in_words():
        office = Office(config)
        office.check_newcomer(parsed.login, parsed.village)
        added = office.add(
            parsed.login, _password(parsed), name=parsed.name, village=parsed.village, language=parsed.language,
            is_operator=parsed.operator,
        )  # fmt: skip
        print(added)
    return 0


def _coordinator_reset(parsed: argparse.Namespace, config: Config) -> int:
    from app.programs.people import Office, in_words

    with in_words():
        print(Office(config).reset(parsed.login, _password(parsed)))
    return 0


def _coordinator_end(parsed: argparse.Namespace, config: Config) -> int:
    from app.programs.people import Office, in_words

    with in_words():
        print(Office(config).end(parsed.login))
    return 0


def _coordinator_list(_parsed: argparse.Namespace, config: Config) -> int:
    from app.programs.people import Office

    for line in Office(config).list_everybody():
        print(line)
    return 0


def _password(parsed: argparse.Namespace) -> str:
    """The password, from where nobody sees it: no list of processes, no shell's history."""
    if parsed.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password (at least 10 characters): ")
    if getpass.getpass("The same again: ") != password:
        raise SystemExit("homethread: these were not the same")
    return password


def _check(parsed: argparse.Namespace, config: Config) -> int:
    from app.programs import check, outside

    if parsed.for_outside:
        print(outside.code_of(config).written())
        return 0
    asks_outside = parsed.from_outside is not None
    found = list(outside.findings(outside.read(parsed.from_outside)) if asks_outside else check.findings(config))
    for finding in found:
        print(f"{'ok  ' if finding.is_fine else 'BAD '} {finding.part}: {finding.says}")
    return 0 if all(finding.is_fine for finding in found) else 1


def _deploy(parsed: argparse.Namespace, _config: Config) -> int:
    from app.programs import deployment

    for path, about in deployment.write(parsed.folder, parsed.domain):
        print(f"{path}: {about}")
    return 0


def _lan_certificate(_parsed: argparse.Namespace, config: Config) -> int:
    from app.programs import lan_page

    print(lan_page.open_door(config).announcement())
    return 0


def _lan_page(_parsed: argparse.Namespace, config: Config) -> int:
    from app.programs import lan_page

    lan_page.run(config)
    return 0


def _settings(_parsed: argparse.Namespace, _config: Config) -> int:
    for setting in settings.SETTINGS:
        print(f"{settings.PREFIX}{setting.name:18} {setting.default or '(empty)':18} {setting.about}")
    return 0


def _routes(parsed: argparse.Namespace, _config: Config) -> int:
    from app.programs import routes

    made = routes.table(routes.application())
    if parsed.readme is None:
        print(made)
    else:
        routes.refresh(parsed.readme, made)
    return 0


def _seed_demo(parsed: argparse.Namespace, config: Config) -> int:
    from app.demo import seeding

    print(json.dumps(seeding.run(config, parsed.language, parsed.families)))
    return 0
