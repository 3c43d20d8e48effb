"""`homethread village` and `coordinator`, as they are typed: from an empty database to a desk that opens."""

import re
import subprocess
from io import StringIO
from pathlib import Path

import pyotp
import pytest

from app.bootstrap import build
from app.cli import main
from app.config import load
from app.doors.models import Credential
from app.kernel.clock import SystemClock
from app.web import sessions
from app.web.principals import COORDINATOR
from tests.commands.test_demo import COMMAND, PATIENCE_SECONDS, environment

PASSWORD = "seven lamps, one door"


class Server:
    """A data folder, and commands that are typed there; in this process, since each start takes a second."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, printed: pytest.CaptureFixture[str]) -> None:
        self.folder, self._patch, self._printed = folder, patch, printed
        patch.setenv("HOMETHREAD_DATA_DIR", str(folder))

    def types(self, *arguments: str, stdin: str = "") -> tuple[int, str, str]:
        """The exit code, what is printed, and what is complained about."""
        self._patch.setattr("sys.stdin", StringIO(stdin))
        complaint = ""
        try:
            code = main(arguments)
        except SystemExit as ended:
            code, complaint = (0, "") if ended.code in (0, None) else (1, str(ended.code))
        out, errors = self._printed.readouterr()
        return code, out, errors + complaint

    def done(self, *arguments: str, stdin: str = "") -> str:
        code, printed, complaint = self.types(*arguments, stdin=stdin)
        assert code == 0, complaint
        return printed

    def refused(self, *arguments: str, stdin: str = "") -> str:
        code, printed, complaint = self.types(*arguments, stdin=stdin)
        assert code != 0, printed
        return complaint

    def adds(self, login: str, *more: str, password: str = PASSWORD) -> str:
        named = ("--name", "Teacher Li", "--village", "Redstone", "--password-stdin")
        return self.done("coordinator", "add", login, *named, *more, stdin=f"{password}\n")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Server:
    return Server(tmp_path / "data", monkeypatch, capsys)


@pytest.fixture
def village(server: Server) -> Server:
    server.done("migrate")
    server.done("village", "add", "Redstone", "--zone", "Asia/Shanghai", "--language", "en")
    return server


def secret_in(shown: str) -> str:
    uri = re.search(r"otpauth://\S+", shown)
    assert uri
    return str(pyotp.parse_uri(uri[0]).secret)


def test_from_nothing_to_a_coordinator(server: Server) -> None:
    assert "homethread migrate" in server.refused("village", "add", "Redstone", "--zone", "Asia/Shanghai")
    first = server.done("migrate")
    assert "village add" in first
    assert "coordinator add" in first
    assert "Redstone" in server.done("village", "add", "Redstone", "--zone", "Asia/Shanghai")
    assert "village add" not in server.done("migrate")
    shown = server.adds("Li@Redstone", "--operator")
    assert "█" in shown
    assert server.done("migrate") == "", "nothing is left to say"
    assert re.fullmatch(r"li@redstone +Teacher Li +Redstone +operator\n", server.done("coordinator", "list"))

    services = build(load({"HOMETHREAD_DATA_DIR": str(server.folder)}))
    with services.database.read() as session:
        (credential,) = session.query(Credential).all()
    assert services.sealer.unseal("second factor", credential.totp) == secret_in(shown)
    assert services.database.engine.dialect.name == "sqlite"
    services.database.close()


@pytest.mark.parametrize(
    ("more", "stdin", "says"),
    [
        (("--village", "Redstone"), "password123\n", "easy to guess"),
        (("--village", "Redstone"), "short\n", "at least 10"),
        (("--village", "Redstone"), "", "at least 10"),
        (("--village", "Bluestone"), f"{PASSWORD}\n", "There are: Redstone"),
        (("--village", "Redstone", "--language", "tlh"), f"{PASSWORD}\n", "language"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(village: Server, more: tuple[str, ...], stdin: str, says: str) -> None:
    assert says in village.refused("coordinator", "add", "li", "--name", "Li", *more, "--password-stdin", stdin=stdin)
    assert village.done("coordinator", "list") == ""


def test_a_login_is_given_once_reset_and_ended(village: Server) -> None:
    first = secret_in(village.adds("li"))
    again = ("coordinator", "add", "LI", "--name", "Li", "--village", "Redstone", "--password-stdin")
    assert "taken" in village.refused(*again, stdin=f"{PASSWORD}\n")
    services = build(load({"HOMETHREAD_DATA_DIR": str(village.folder)}))
    now = SystemClock().now()
    with services.database.begin() as session:
        (credential,) = session.query(Credential).all()
        who = credential.coordinator_id
        sessions.open_session(session, COORDINATOR, who, "v", "en", now, opened_by="password")
    second = secret_in(village.done("coordinator", "reset", "li", "--password-stdin", stdin="another long sentence\n"))
    assert second != first
    with services.database.read() as session:
        assert not sessions.devices_of(session, COORDINATOR, who, now)
    services.database.close()
    assert "nowhere" in village.done("coordinator", "end", "Li")
    assert "ended" in village.done("coordinator", "list")
    assert "ended" in village.refused("coordinator", "end", "li")
    assert "no such login" in village.refused("coordinator", "reset", "mo", "--password-stdin", stdin="x" * 20)


def test_two_villages_of_one_name_need_an_id(village: Server) -> None:
    told = village.done("village", "add", "Redstone", "--zone", "Asia/Shanghai")
    add = ("coordinator", "add", "li", "--name", "Li", "--password-stdin", "--village")
    named = re.search(r"village (\w{16})", told)
    assert named
    assert named[1] in village.refused(*add, "Redstone", stdin=f"{PASSWORD}\n")
    assert "otpauth:" in village.done(*add, named[1], stdin=f"{PASSWORD}\n")


def test_as_it_is_typed(tmp_path: Path) -> None:
    """In processes of their own; what goes wrong is a sentence, and no stack of calls."""

    def typed(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *arguments], env=environment(DATA_DIR=str(tmp_path)), capture_output=True, text=True,
            timeout=PATIENCE_SECONDS, check=False, input=stdin,
        )  # fmt: skip

    unready = typed("coordinator", "list")
    assert (unready.returncode, "homethread migrate" in unready.stderr) == (2, True)
    assert typed("migrate").returncode == 0
    assert typed("village", "add", "Redstone", "--zone", "Asia/Shanghai").returncode == 0
    add = ("coordinator", "add", "li", "--name", "Li", "--village", "Redstone", "--password-stdin")
    refused = typed(*add, stdin="password123\n")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "otpauth:" in typed(*add, stdin=f"{PASSWORD}\n").stdout


def test_nothing_secret_is_an_argument(village: Server) -> None:
    """What is typed can be read by every user of the machine."""
    told = village.done("coordinator", "add", "--help") + village.done("coordinator", "reset", "--help")
    assert "--password-stdin" in told
    assert not re.search(r"--password(?!-stdin)", told)
