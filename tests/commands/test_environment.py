"""What the first start of `python3 -m app demo` installs."""

import re
from collections import Counter

from packaging.requirements import Requirement

from app.programs import environment


def test_each_package_has_one_version_for_a_python() -> None:
    """Else pip finds no set that fits, and nothing starts on a new machine."""
    read = environment._versions((environment.ROOT / "constraints.txt").read_text())
    packages = [Requirement(line) for line in read]
    assert len(packages) > 50
    for python in ("3.11.9", "3.12.4", "3.13.1"):
        here = {"python_full_version": python, "python_version": re.sub(r"\.\d+$", "", python)}
        meant = Counter(one.name for one in packages if one.marker is None or one.marker.evaluate(here))
        assert [name for name, count in meant.items() if count > 1] == []
