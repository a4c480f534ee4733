"""Clubs and teams of the synthetic field, by province; invented names in Chinese and English."""

from __future__ import annotations

import random
from typing import NamedTuple


class Club(NamedTuple):
    """A club or team under one name in Chinese and one in English."""

    zh: str
    en: str


CITIES: dict[str, tuple[tuple[str, str], ...]] = {
    "41": (
        ("洛阳", "Luoyang"),
        ("郑州", "Zhengzhou"),
        ("伊滨", "Yibin"),
        ("开封", "Kaifeng"),
        ("南阳", "Nanyang"),
        ("平顶山", "Pingdingshan"),
        ("三门峡", "Sanmenxia"),
        ("新乡", "Xinxiang"),
        ("焦作", "Jiaozuo"),
        ("许昌", "Xuchang"),
        ("信阳", "Xinyang"),
    ),
    "14": (("太原", "Taiyuan"), ("运城", "Yuncheng"), ("晋城", "Jincheng")),
    "61": (("西安", "Xi'an"), ("渭南", "Weinan"), ("宝鸡", "Baoji")),
    "37": (("济南", "Jinan"), ("青岛", "Qingdao"), ("菏泽", "Heze")),
    "13": (("石家庄", "Shijiazhuang"), ("邯郸", "Handan")),
    "42": (("武汉", "Wuhan"), ("襄阳", "Xiangyang")),
    "34": (("合肥", "Hefei"), ("阜阳", "Fuyang")),
    "32": (("南京", "Nanjing"), ("徐州", "Xuzhou")),
    "11": (("北京", "Beijing"),),
    "12": (("天津", "Tianjin"),),
    "31": (("上海", "Shanghai"),),
    "50": (("重庆", "Chongqing"),),
    "44": (("广州", "Guangzhou"), ("深圳", "Shenzhen")),
    "33": (("杭州", "Hangzhou"), ("宁波", "Ningbo")),
    "51": (("成都", "Chengdu"),),
    "43": (("长沙", "Changsha"),),
    "21": (("沈阳", "Shenyang"), ("大连", "Dalian")),
    "22": (("长春", "Changchun"),),
    "23": (("哈尔滨", "Harbin"),),
    "36": (("南昌", "Nanchang"),),
    "35": (("厦门", "Xiamen"),),
    "62": (("兰州", "Lanzhou"),),
    "15": (("呼和浩特", "Hohhot"),),
    "53": (("昆明", "Kunming"),),
    "52": (("贵阳", "Guiyang"),),
    "45": (("南宁", "Nanning"),),
    "64": (("银川", "Yinchuan"),),
    "65": (("乌鲁木齐", "Ürümqi"),),
    "63": (("西宁", "Xining"),),
    "46": (("海口", "Haikou"),),
    "54": (("拉萨", "Lhasa"),),
}
STYLES: tuple[tuple[str, str], ...] = (
    ("飞驰车队", "Feichi"),
    ("破风单车俱乐部", "Pofeng Cycling Club"),
    ("龙门骑行俱乐部", "Longmen Riders"),
    ("追风车队", "Zhuifeng"),
    ("山野骑行社", "Shanye MTB"),
    ("铁骑自行车运动协会", "Tieqi Cycling Association"),
    ("轮友车队", "Lunyou"),
    ("晨曦车队", "Chenxi"),
)
# A long name, because screens must bear one.
LONG_CLUB = Club(
    "洛阳市伊滨区万安山自行车运动爱好者协会代表队",
    "Wan'anshan Amateur Cycling Association of Yibin District, Luoyang",
)
NATIONAL: dict[str, tuple[Club, ...]] = {
    "COL": (Club("哥伦比亚安第斯车队", "Andes Ciclismo Colombia"),),
    "BLR": (Club("白俄罗斯明斯克车队", "Minsk Cycling Team"),),
}


def clubs_of(prefix: str) -> tuple[Club, ...]:
    """Return the clubs of a province: every city with a number of styles that falls with its distance from Luoyang."""
    cities = CITIES[prefix]
    depth = {"41": 5, "14": 3, "61": 3, "37": 3, "13": 3, "42": 3}.get(prefix, 2)
    made = [Club(city + zh, f"{en_city} {en}") for city, en_city in cities for zh, en in STYLES[:depth]]
    return (*made, LONG_CLUB) if prefix == "41" else tuple(made)


def draw(rng: random.Random, prefix: str) -> Club | None:
    """Draw a club of the province; three riders in ten ride for themselves (None)."""
    return None if rng.random() < 0.3 else rng.choice(clubs_of(prefix))
