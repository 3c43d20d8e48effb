"""`homethread prompts import`: a pack for all villages of a language, or a sentence that says what is wrong with it."""

from pathlib import Path

import pytest

from app.cli import main
from app.config import PREFIX
from app.storage.database import Database
from app.villages import prompts, service
from app.villages.words import Speech
from tests.villages.spoken import spoken
from tests.villages.test_packs import RING, sound, zipped


def test_a_language_is_taken_in(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", sqlite_url)
    monkeypatch.setenv(f"{PREFIX}DATA_DIR", str(tmp_path))
    database = Database(sqlite_url)
    with database.begin() as session:
        village = service.create_village(session, name="青石村", zone="Asia/Shanghai", language="zh-CN")
    pack = tmp_path / "standard.zip"
    pack.write_bytes(zipped(sound(RING)))
    asked = ["prompts", "import", str(pack), "--language", "zh-CN"]
    assert main(asked) == 0
    assert main(asked) == 0
    assert capsys.readouterr().out.splitlines() == [
        "1 taken, 0 were there already, 0 unknown here", "0 taken, 1 were there already, 0 unknown here",
    ]  # fmt: skip
    with database.read() as session:
        heard = prompts.heard(session, village.id)[RING]
        assert (heard.speech, prompts.recording(session, village.id, heard.sha256)) == (Speech.LANGUAGE, spoken())
    pack.write_bytes(zipped([*sound(RING), ("../x.ogg", b"")]))
    assert main(asked) == 1
    assert "../x.ogg" in capsys.readouterr().err
    assert main(["prompts", "import", str(tmp_path / "nothing.zip"), "--language", "zh-CN"]) == 1
    assert main([*asked[:-1], "xx"]) == 1
    database.close()
