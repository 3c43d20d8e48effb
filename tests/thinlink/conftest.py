"""A village, a thin link and both browsers, for all real calls of a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.thinlink.calls import Place, Studio, open_place

SPEECH = 0.58  # of the time, at both ends


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder: Path = tmp_path_factory.mktemp("place")
    with sync_playwright() as playwright, open_place(playwright, folder, Studio(folder), SPEECH) as opened:
        yield opened
        assert "Traceback" not in opened.village.logs(), opened.village.logs()
