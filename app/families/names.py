"""What a person is called where as little as possible shall be told: the given name, where it is known which that is.

Han names put the family name first, in one character and seldom in two. Only what surely is one is left out: in three
characters a common family name, in four a double one. All else stays whole, a short name, a nickname, a name of
another people, and one in Latin letters, which of two words is the given one is not written on it.
"""

HAN_FIRST, HAN_LAST = "\u4e00", "\u9fff"
FAMILY_NAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟"
    "谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
DOUBLE_FAMILY_NAMES = frozenset({"欧阳", "上官", "司马", "诸葛", "夏侯", "皇甫", "令狐", "司徒", "东方", "尉迟"})


def given_name(name: str) -> str:
    """Of "吴建国" it is "建国", of "欧阳小荷" "小荷"; "小荷" and "Maria Santos" stay as they are."""
    if not all(HAN_FIRST <= letter <= HAN_LAST for letter in name):
        return name
    if len(name) == 3 and name[0] in FAMILY_NAMES:
        return name[1:]
    if len(name) == 4 and name[:2] in DOUBLE_FAMILY_NAMES:
        return name[2:]
    return name
