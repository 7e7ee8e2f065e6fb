"""Chinese names of people, companies and teams, drawn by number."""

from __future__ import annotations

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡"
GIVEN = "伟芳娜敏静磊洋勇艳杰娟涛明超霞平刚桂文辉玲志建华晨宇浩然思远梓涵雨欣子轩嘉怡博"
CITIES = (
    "北京",
    "上海",
    "广州",
    "深圳",
    "杭州",
    "南京",
    "成都",
    "武汉",
    "西安",
    "苏州",
    "青岛",
    "厦门",
)
TRADES = (
    "云科",
    "智造",
    "汇通",
    "远景",
    "华信",
    "恒达",
    "中联",
    "博雅",
    "瑞丰",
    "天穹",
    "海纳",
    "启明",
)
KINDS = (
    "科技有限公司",
    "集团",
    "银行",
    "物流有限公司",
    "医药股份有限公司",
    "教育集团",
    "零售有限公司",
)
INDUSTRIES = ("technology", "conglomerate", "finance", "logistics", "pharma", "education", "retail")
TEAM_NAMES = {"north": "华北区", "east": "华东区", "south": "华南区", "west": "西部区"}


def person(number: int) -> str:
    """A name of two or three characters."""
    surname = SURNAMES[number * 7 % len(SURNAMES)]
    first = GIVEN[number * 11 % len(GIVEN)]
    second = GIVEN[(number * 17 + number // len(GIVEN)) % len(GIVEN)]
    return surname + first + (second if number % 4 else "")


def company(number: int) -> str:
    city = CITIES[number % len(CITIES)]
    trade = TRADES[number // len(CITIES) % len(TRADES)]
    serial = number // (len(CITIES) * len(TRADES) * len(KINDS))
    return f"{city}{trade}{KINDS[number % len(KINDS)]}" + (str(serial) if serial else "")
