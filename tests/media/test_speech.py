"""How much of its time somebody speaks who is heard in the calls of the tests."""

from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from tests.browser.speech import speak
from tests.thinlink.voice import STEP_SECONDS, Recording

SECONDS = 28  # what an end of a thin link says over and over
PAUSE_SECONDS = 0.6  # what is shorter belongs to a sentence


@pytest.mark.parametrize(("share", "voice", "voiced_share"), [(0.58, "en", 0.5), (0.79, "en+f3", 0.63)])
def test_sentences_take_their_share_of_the_time(tmp_path: Path, share: float, voice: str, voiced_share: float) -> None:
    wave = speak(tmp_path / "voice.wav", SECONDS, share=share, voice=voice).read_bytes()[44:]
    said = Recording(0, np.frombuffer(wave, "<i2")[::3].astype(np.float32) / np.float32(32768))
    voiced = said.voiced(0, SECONDS)
    quiet = [len(list(same)) * STEP_SECONDS for is_voiced, same in groupby(voiced) if not is_voiced]
    sentences = 1 - sum(each for each in quiet if each > PAUSE_SECONDS) / SECONDS
    assert sentences == pytest.approx(share, abs=0.05)
    assert voiced.mean() == pytest.approx(voiced_share, abs=0.05)
