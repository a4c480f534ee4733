"""Names for a synthetic field: Chinese, of several peoples, Colombian and Belarusian, each with its Latin form.

The names are put together by chance from common parts. Whoever bears one of them is meant by none of them.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from race.names import romanise

# Surnames by how common they are: each line a tier, weighted as TIERS says.
TIERS: tuple[tuple[int, str], ...] = (
    (30, "王李张刘陈"),
    (12, "杨赵黄周吴徐孙胡朱高林何郭马罗"),
    (
        4,
        "梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段",
    ),
    (
        1,
        "雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐梅莫庄辛管祝左涂谷祁时舒耿牟卜单区仇解查盖朴尉",
    ),
)
COMPOUND_SURNAMES = ("欧阳", "上官", "司马", "诸葛", "皇甫", "尉迟", "令狐", "东方", "夏侯", "司徒")

MALE_FIRST = "建国志明文俊家子浩宇晨一天嘉鹏海振永晓思泽博昊成立金少世伟东兴"
MALE_SECOND = "伟强军涛杰磊鹏飞辉斌波宇轩鸣龙超亮刚峰浩然阳凯旋哲林豪毅瑞恒洋平勇"
MALE_SINGLE = "伟强军涛磊鹏飞斌波超亮刚峰勇凯浩杰毅洋旭"
FEMALE_FIRST = "雅思晓梦佳雨欣静美玉春海丽慧婉诗心紫若一子文秋明"
FEMALE_SECOND = "婷敏静丽芳娜燕玲怡萍雪颖琳涵瑶倩洁莹蕾薇妍彤霞梅慧"
FEMALE_SINGLE = "婷敏静丽芳娜燕玲雪颖琳洁霞慧欣"


class Name(NamedTuple):
    """A name as it is printed: in Chinese, and in Latin letters as `SURNAME Given`."""

    zh: str
    latin: str


# People whose names are not a Han surname and a given name: (Chinese, Latin) parts, joined by the middle dot.
Parts = tuple[tuple[str, str], ...]
UYGHUR_MALE: Parts = (
    ("买买提", "Memet"),
    ("艾力", "Eli"),
    ("阿迪力", "Adil"),
    ("吐尔逊", "Tursun"),
    ("艾山", "Hesen"),
    ("玉素甫", "Yusup"),
    ("库尔班", "Qurban"),
    ("阿不都", "Abdu"),
    ("依明", "Imin"),
    ("努尔", "Nur"),
)
UYGHUR_FEMALE: Parts = (
    ("阿依古丽", "Aygul"),
    ("古丽娜尔", "Gulnar"),
    ("热依汗", "Reyhan"),
    ("帕提古丽", "Patigul"),
    ("米娜", "Mina"),
)
TIBETAN: Parts = (
    ("扎西", "Tashi"),
    ("次仁", "Tsering"),
    ("多吉", "Dorje"),
    ("平措", "Phuntsok"),
    ("洛桑", "Losang"),
    ("旺堆", "Wangdu"),
    ("丹增", "Tenzin"),
    ("格桑", "Kelsang"),
)
TIBETAN_FEMALE: Parts = (("卓玛", "Dolma"), ("央金", "Yangchen"), ("拉姆", "Lhamo"), ("白玛", "Pema"))
MONGOL_CLAN: Parts = (
    ("孛儿只斤", "Borjigin"),
    ("巴雅尔", "Bayar"),
    ("阿拉坦", "Altan"),
    ("朝鲁", "Chuluu"),
    ("那仁", "Naran"),
)
MONGOL_MALE: Parts = (
    ("巴特尔", "Baatar"),
    ("苏和", "Suhe"),
    ("朝格图", "Chogtu"),
    ("哈斯", "Has"),
    ("布和", "Buhe"),
    ("达来", "Dalai"),
)
MONGOL_FEMALE: Parts = (("其其格", "Chechig"), ("萨仁", "Saran"), ("乌云", "Oyun"), ("高娃", "Goa"))

COLOMBIAN_GIVEN: Parts = (
    ("胡安", "Juan"),
    ("卡洛斯", "Carlos"),
    ("安德烈斯", "Andrés"),
    ("米格尔", "Miguel"),
    ("塞巴斯蒂安", "Sebastián"),
    ("费利佩", "Felipe"),
    ("迭戈", "Diego"),
)
COLOMBIAN_SURNAME: Parts = (
    ("罗德里格斯", "Rodríguez"),
    ("戈麦斯", "Gómez"),
    ("马丁内斯", "Martínez"),
    ("埃尔南德斯", "Hernández"),
    ("卡斯特罗", "Castro"),
    ("莫雷诺", "Moreno"),
    ("巴尔加斯", "Vargas"),
    ("奥斯皮纳", "Ospina"),
)
BELARUSIAN_MALE: Parts = (
    ("阿列克谢", "Aliaksei"),
    ("德米特里", "Dzmitry"),
    ("谢尔盖", "Siarhei"),
    ("帕维尔", "Pavel"),
    ("米哈伊尔", "Mikhail"),
)
BELARUSIAN_FEMALE: Parts = (("塔季扬娜", "Tatsiana"), ("娜塔利娅", "Natallia"), ("叶卡捷琳娜", "Katsiaryna"))
BELARUSIAN_SURNAME: Parts = (
    ("科瓦连科", "Kavalenka"),
    ("邦达连科", "Bandarenka"),
    ("舍甫琴科", "Shauchenka"),
    ("卢卡先卡", "Lukashonak"),
    ("博伊科", "Boika"),
    ("诺维克", "Novik"),
)


def han(rng: random.Random, female: bool) -> Name:
    """Draw a Han name; one in sixty has a compound surname, one in four a single given character."""
    if rng.random() < 1 / 60:
        surname = rng.choice(COMPOUND_SURNAMES)
    else:
        tier = rng.choices([characters for _, characters in TIERS], [weight * len(c) for weight, c in TIERS])[0]
        surname = rng.choice(tier)
    if rng.random() < 0.25:
        given = rng.choice(FEMALE_SINGLE if female else MALE_SINGLE)
    else:
        given = rng.choice(FEMALE_FIRST if female else MALE_FIRST) + rng.choice(
            FEMALE_SECOND if female else MALE_SECOND
        )
    zh = surname + given
    return Name(zh, romanise(zh))


def _joined(first: tuple[str, str], second: tuple[str, str]) -> Name:
    return Name(f"{first[0]}·{second[0]}", f"{first[1].upper()} {second[1]}")


def of_province(rng: random.Random, prefix: str, female: bool) -> Name:
    """Draw a name for a rider of the province with this two-digit code prefix.

    In Xinjiang (65), Tibet (54) and Inner Mongolia (15) about half the names are Uyghur, Tibetan or Mongolian.
    """
    if prefix not in {"65", "54", "15"} or rng.random() < 0.5:
        return han(rng, female)
    if prefix == "65":
        return _joined(rng.choice(UYGHUR_FEMALE if female else UYGHUR_MALE), rng.choice(UYGHUR_MALE))
    if prefix == "54":
        return _joined(rng.choice(TIBETAN), rng.choice(TIBETAN_FEMALE if female else TIBETAN))
    return _joined(rng.choice(MONGOL_CLAN), rng.choice(MONGOL_FEMALE if female else MONGOL_MALE))


def of_nation(rng: random.Random, nation: str, female: bool) -> Name:
    """Draw a name for a rider from Colombia (COL) or Belarus (BLR); the Chinese form gives the given name first."""
    if nation == "COL":
        given, surname = rng.choice(COLOMBIAN_GIVEN), rng.choice(COLOMBIAN_SURNAME)
    else:
        given = rng.choice(BELARUSIAN_FEMALE if female else BELARUSIAN_MALE)
        surname = rng.choice(BELARUSIAN_SURNAME)
    return Name(f"{given[0]}·{surname[0]}", f"{surname[1].upper()} {given[1]}")
