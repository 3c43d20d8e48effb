"""Who lives in a made-up household, by its number: one or two parents far away, somebody old, one or two children."""

from dataclasses import dataclass

from app.demo.portraits import Kind
from app.families.words import MemberRole

ZONE = "Asia/Shanghai"
FAR_ZONE = "Asia/Dubai"
PARENT, CAREGIVER, CHILD = MemberRole.PARENT, MemberRole.CAREGIVER, MemberRole.CHILD
SURNAMES = {
    "zh-CN": "王 李 张 刘 陈 赵 黄 周 徐 孙 胡 朱 高 林 何 郭 马 罗 梁 宋 郑 谢 韩 唐 冯 于 董 萧 程 曹",
    "en": "Wang Li Zhang Liu Chen Zhao Huang Zhou Xu Sun Hu Zhu Gao Lin He Guo Ma Luo Liang Song Zheng Xie Han Tang"
    " Feng Yu Dong Xiao Cheng Cao",
}
GIVEN: dict[str, dict[Kind, str]] = {
    "zh-CN": {
        "mother": "玉梅 丽华 春燕 桂芳 小红 海燕 淑珍", "father": "志强 国华 建军 永福 大勇",
        "boy": "小明 小宝 石头 小刚 冬冬 小虎 乐乐 小亮 浩浩 小波 天天",
        "girl": "小雨 小花 妞妞 小雪 小梅 甜甜 小云 小芳 圆圆 小兰 月月 小玲",
    },
    "en": {
        "mother": "Yumei Lihua Chunyan Guifang Xiaohong Haiyan Shuzhen",
        "father": "Zhiqiang Guohua Jianjun Yongfu Dayong",
        "boy": "Xiaoming Xiaobao Shitou Xiaogang Dongdong Xiaohu Lele Xiaoliang Haohao Xiaobo Tiantian",
        "girl": "Xiaoyu Xiaohua Niuniu Xiaoxue Xiaomei Tiantian Xiaoyun Xiaofang Yuanyuan Xiaolan Yueyue Xiaoling",
    },
}  # fmt: skip
FAMILY = {"zh-CN": "{}家", "en": "{} family"}
FULL_NAME = {"zh-CN": "{}{}", "en": "{} {}"}
ELDER: dict[str, dict[Kind, str]] = {
    "zh-CN": {"grandmother": "{}奶奶", "grandfather": "{}爷爷"},
    "en": {"grandmother": "Grandma {}", "grandfather": "Grandpa {}"},
}


@dataclass(frozen=True)
class Somebody:
    name: str
    role: MemberRole
    kind: Kind
    phone: str | None = None
    zone: str = ZONE


@dataclass(frozen=True)
class Household:
    name: str
    emblem: str
    people: tuple[Somebody, ...]


def household_of(number: int, language: str, emblem: str) -> Household:
    """Every sixth family has both parents away, every fourth two children; a few parents are abroad."""
    surname = _nth(SURNAMES[language], number)
    elder: Kind = "grandfather" if number % 4 == 3 else "grandmother"
    people = [
        Somebody(
            FULL_NAME[language].format(surname, _nth(GIVEN[language][kind], number + place)), PARENT, kind,
            _phone(4 * number + place), FAR_ZONE if number % 9 == 7 else ZONE,
        )
        for place, kind in enumerate(_parents(number))
    ]  # fmt: skip
    people.append(Somebody(ELDER[language][elder].format(surname), CAREGIVER, elder, _phone(4 * number + 3)))
    people += [
        Somebody(_nth(GIVEN[language][kind], number + place), CHILD, kind)
        for place, kind in enumerate(_children(number))
    ]  # fmt: skip
    return Household(FAMILY[language].format(surname), emblem, tuple(people))


def _parents(number: int) -> list[Kind]:
    if number % 6 == 5:
        return ["mother", "father"]
    return ["father"] if number % 5 > 2 else ["mother"]


def _children(number: int) -> list[Kind]:
    if number % 4 == 2:
        return ["girl", "boy"]
    return ["boy"] if number % 3 == 1 else ["girl"]


def _nth(words: str, number: int) -> str:
    found = words.split()
    return found[number % len(found)]


def _phone(number: int) -> str:
    return f"+86138001{number:05}"
