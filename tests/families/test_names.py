"""What is left out of a name, and when nothing is."""

import pytest

from app.families.names import given_name


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("吴建国", "建国"),
        ("欧阳小荷", "小荷"),
        ("杨奶奶", "奶奶"),
        ("小龙", "小龙"),
        ("李娜", "李娜"),
        ("小荷花", "小荷花"),
        ("阿依古丽", "阿依古丽"),
        ("买买提·艾力", "买买提·艾力"),
        ("Yang Xiuying", "Yang Xiuying"),
        ("Maria Santos", "Maria Santos"),
        ("王Lee", "王Lee"),
        ("王", "王"),
        ("", ""),
    ],
)
def test_only_what_surely_is_a_family_name_is_left_out(name: str, given: str) -> None:
    assert given_name(name) == given
