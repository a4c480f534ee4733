"""An invented moment of a race weekend, as boards: what the live page is drawn from in screenshots and browser tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

COLUMNS = ["bib", "rank", "status", "laps", "time_ms", "gap_ms", "down", "group", "lap_ms", "move", "flags"]
PROFILE = [
    [0, 229], [400, 230], [900, 232], [1600, 243], [2000, 241], [2400, 240], [2800, 248], [3200, 258], [3600, 275],
    [4000, 300], [4400, 320], [4900, 345], [5300, 378], [5600, 395], [5900, 420], [6300, 430], [6600, 415],
    [6900, 400], [7200, 372], [7550, 350], [8100, 330], [8600, 335], [8900, 337], [9220, 350], [9500, 360],
    [9950, 344], [10300, 330], [10700, 307], [11100, 290], [11500, 275], [12000, 264], [12600, 248], [13200, 240],
    [13600, 235], [14000, 229],
]  # fmt: skip
PASS = {"m": 6300, "alt": 430, "name": {"zh": "大谷关", "en": "Daguguan"}}

# bib, Chinese name, Latin name, team, region, nation, lap, move
FRONT: list[tuple[Any, ...]] = [
    (17, "赵一鸣", "ZHAO Yiming", ["洛阳飞驰车队", "Luoyang Feichi"], ["河南", "Henan"], "CHN", 1289, 2),
    (8, "安德烈斯·罗哈斯", "ROJAS Andrés Felipe", ["独立车手", "Independent"], ["", ""], "COL", 1289, 0),
    (21, "买买提江·艾力", "Memetjan ELI", ["新疆天山雪豹车队", "Tianshan Xuebao"], ["新疆", "Xinjiang"], "CHN", 1290, -2),
    (5, "陈思远", "CHEN Siyuan", ["昆明高原红竞技队", "Kunming Gaoyuanhong"], ["云南", "Yunnan"], "CHN", 1295, 1),
    (34, "阿列克谢·加尔布佐夫", "HARBUZAU Aliaksei", ["明斯克自行车俱乐部", "Minsk Velo Club"], ["", ""], "BLR", 1291, -1),
    (2, "刘泽宇", "LIU Zeyu", ["郑州嵩山骑行俱乐部", "Zhengzhou Songshan"], ["河南", "Henan"], "CHN", 1318, 0),
    (46, "扎西顿珠", "Tashi DHONDUP", ["拉萨雪域单车", "Lhasa Xueyu"], ["西藏", "Xizang"], "CHN", 1317, 4),
    (117, "孙浩然", "SUN Haoran", ["西安长安速度", "Xi'an Chang'an Speed"], ["陕西", "Shaanxi"], "CHN", 1321, 0),
    (63, "王子豪", "WANG Zihao", ["山东泰岱竞技车队", "Shandong Taidai"], ["山东", "Shandong"], "CHN", 1318, -2),
    (12, "欧阳瑞", "OUYANG Rui",
     ["河南省洛阳市伊滨区自行车运动协会俱乐部车队", "Luoyang Yibin District Cycling Association Club"],
     ["河南", "Henan"], "CHN", 1319, 1),
    (55, "高铁军", "GAO Tiejun", ["哈尔滨冰城轮友会", "Harbin Bingcheng"], ["黑龙江", "Heilongjiang"], "CHN", 1323, -1),
    (88, "罗杰", "LUO Jie", ["深圳湾骑士", "Shenzhen Bay Riders"], ["广东", "Guangdong"], "CHN", 1312, 3),
    (104, "巴特尔", "Bater", ["内蒙古草原狼", "Inner Mongolia Wolves"], ["内蒙古", "Inner Mongolia"], "CHN", 1330, -3),
    (29, "林嘉树", "LIN Jiashu", ["厦门海峡车队", "Xiamen Haixia"], ["福建", "Fujian"], "CHN", 1320, 0),
    (91, "单雨桐", "SHAN Yutong", ["杭州湖滨轮社", "Hangzhou Hubin"], ["浙江", "Zhejiang"], "CHN", 1322, -1),
]  # fmt: skip
FAMILY = [
    ("张", "ZHANG"),
    ("李", "LI"),
    ("周", "ZHOU"),
    ("吴", "WU"),
    ("徐", "XU"),
    ("马", "MA"),
    ("何", "HE"),
    ("郭", "GUO"),
]
GIVEN = [
    ("志强", "Zhiqiang"),
    ("晓东", "Xiaodong"),
    ("海涛", "Haitao"),
    ("文博", "Wenbo"),
    ("俊杰", "Junjie"),
    ("鹏飞", "Pengfei"),
]
GROUPS = [
    ("A", "lead", 3, 0, None),
    ("B", "chase", 2, 12000, -9000),
    ("C", "main", 41, 58000, 0),
    ("D", "group", 27, 200000, 31000),
]
LEAD_MS = 5191000  # 1:26:31
NOW_MS = 6078000  # 1:41:18


def rider(row: tuple[Any, ...]) -> dict[str, Any]:
    """The public part of a rider."""
    _bib, zh, latin, team, region, nation, _lap, _move = row
    return {"zh": zh, "latin": latin, "team": team, "region": region, "nation": nation}


def invented(bib: int) -> tuple[Any, ...]:
    """One more rider of the field."""
    family, given = FAMILY[bib % len(FAMILY)], GIVEN[bib % len(GIVEN)]
    return (
        bib,
        family[0] + given[0],
        f"{family[1]} {given[1]}",
        ["商丘归德骑行", "Shangqiu Guide"],
        ["河南", "Henan"],
        "CHN",
        1330,
        0,
    )


def field() -> list[tuple[Any, ...]]:
    """148 riders, the named ones first."""
    taken = {row[0] for row in FRONT}
    rest = [invented(bib) for bib in range(1, 200) if bib not in taken]
    return FRONT + rest[: 148 - len(FRONT)]


def rows_and_riders() -> tuple[list[list[Any]], dict[str, Any]]:
    """The rows of the road race on its fifth lap: four groups, the rest behind, twelve lapped, nine out."""
    rows: list[list[Any]] = []
    people = field()
    sizes = [(key, size, gap) for key, _role, size, gap, _trend in GROUPS] + [("", 54, 240000)]
    place = iter(enumerate(people, start=1))
    for key, size, gap in sizes:
        for n in range(size):
            rank, who = next(place)
            time = LEAD_MS + gap + n * (40 if key else 2300)
            rows.append([who[0], rank, "racing", 4, time, time - LEAD_MS, 0, key, who[6] * 1000, who[7], []])
    for rank, who in [next(place) for _ in range(12)]:
        rows.append([who[0], rank, "racing", 3, LEAD_MS - 200000 + rank * 1000, None, 1, "", 1502000, -1, []])
    for _rank, who in [next(place) for _ in range(9)]:
        rows.append([who[0], None, "DNF", 2, 2900000, None, 0, "", 1440000, None, []])
    return rows, {str(who[0]): rider(who) for who in people}


def counts(**some: int) -> dict[str, int]:
    """The counts of a board; those not named are none."""
    names = ("entered", "started", "racing", "finished", "lapped", "otl", "dnf", "dns", "dsq", "nr")
    return {name: some.get(name, 0) for name in names}


def clock(event: datetime, speed: float = 1.0) -> dict[str, Any]:
    """The law of event time: from now on."""
    return {"real": datetime.now(UTC).isoformat(), "event": event.isoformat(), "speed": speed}


def moving(slug: str, gun: datetime, law: dict[str, Any]) -> dict[str, Any]:
    """The elite race, 1:41:18 after its gun, as in the pictures."""
    rows, riders = rows_and_riders()
    first = {"A": 0, "B": 3, "C": 5, "D": 46}
    at = lambda ms: (gun + timedelta(milliseconds=ms)).isoformat()
    groups = [
        {"key": key, "role": role, "size": size, "bibs": [row[0] for row in rows[first[key] :][: min(size, 6)]], "gap_ms": gap,
         "trend_ms": trend, "lap": 4, "point": "F", "m": 0, "time_ms": LEAD_MS + gap, "at": at(LEAD_MS + gap)}
        for key, role, size, gap, trend in GROUPS
    ]  # fmt: skip
    return empty(slug, gun, law) | {
        "revision": 1284,
        "phase": "live",
        "gun": gun.isoformat(),
        "last": at(NOW_MS),
        "leader": {"bib": 17, "laps": 4, "time_ms": LEAD_MS, "speed": 38.9, "lap_ms": 1289000},
        "counts": counts(entered=200, started=148, racing=139, lapped=12, dnf=9, dns=3),
        "groups": groups,
        "rows": rows,
        "riders": riders,
        "events": [
            {"at": at(NOW_MS - 98000), "kind": "break", "bibs": [5, 34], "lap": 5},
            {"at": at(LEAD_MS), "kind": "fastest", "bibs": [17], "lap": 4, "ms": 1289000},
            {"at": at(LEAD_MS - 325000), "kind": "dnf", "bibs": [73], "lap": 2},
            {"at": at(LEAD_MS - 1289000), "kind": "lead", "bibs": [21, 17], "lap": 3},
        ],
        "chart": {"laps": [0, 1, 2, 3, 4], "lines": {"A": [0, 0, 0, 0, 0], "B": [0, 0, 4000, 14000, 21000],
                                                     "C": [0, 0, 9000, 31000, 58000], "D": [0, 12000, 55000, 118000, 169000]}},
    }  # fmt: skip


def empty(
    slug: str, planned: datetime, law: dict[str, Any], laps: int = 6, lap_m: int = 14000, entered: int = 231
) -> dict[str, Any]:
    """A race before its gun."""
    people = [invented(bib) for bib in range(1, entered + 1)]
    return {
        "v": 1, "race": slug, "edition": "daguguan-10", "revision": 12, "phase": "upcoming", "standing": "live",
        "publication": None, "disputed": [],
        "clock": law, "planned": planned.isoformat(), "gun": None, "last": None, "finished_at": None,
        "laps": laps, "lap_m": lap_m, "start_m": 0, "leader": None, "counts": counts(entered=entered), "groups": [],
        "columns": COLUMNS,
        "rows": [[who[0], None, "waiting", 0, None, None, 0, "", None, None, []] for who in people],
        "riders": {str(who[0]): rider(who) for who in people},
        "events": [], "chart": {"laps": [0], "lines": {}}, "warnings": [],
    }  # fmt: skip


def finished(slug: str, gun: datetime, law: dict[str, Any]) -> dict[str, Any]:
    """The mass race, over and official: three laps, the first fifty in groups, others by themselves."""
    people = [invented(bib) for bib in range(401, 521)]
    rows = []
    for rank, who in enumerate(people, start=1):
        time = 4447000 + (rank * 400 if rank < 30 else rank * 2100)
        rows.append([who[0], rank, "FIN", 3, time, time - 4447400, 0, "A" if rank < 30 else "", 1480000, None, []])
    rows[-1][1:7] = [None, "DSQ", 3, None, None, 0]
    return empty(slug, gun, law, laps=3) | {
        "revision": 980, "phase": "closed", "standing": "official", "gun": gun.isoformat(),
        "last": (gun + timedelta(seconds=4700)).isoformat(), "finished_at": (gun + timedelta(seconds=4447)).isoformat(),
        "leader": {"bib": 401, "laps": 3, "time_ms": 4447400, "speed": 34.0, "lap_ms": 1480000},
        "counts": counts(entered=150, started=121, finished=119, dnf=1, dns=29, dsq=1),
        "rows": rows, "riders": {str(who[0]): rider(who) for who in people},
        "events": [
            {"at": (gun + timedelta(seconds=4447)).isoformat(), "kind": "finish", "bibs": [401], "lap": 3, "ms": 4447400}
        ],
    }  # fmt: skip


def course(code: str, lap_m: int) -> dict[str, Any]:
    """A course of this length with the profile of the road loop."""
    profile = [[m * lap_m // 14000, alt] for m, alt in PROFILE]
    climb = PASS | {"m": 6300 * lap_m // 14000}
    return {
        "code": code,
        "name": {"zh": "公路环线", "en": "Road loop"},
        "lap_m": lap_m,
        "profile": profile,
        "pass": climb,
        "points": [],
    }


def races(english: bool) -> list[dict[str, Any]]:
    """The five races as the page reads them."""
    table = [
        ("me", "ME", "circle", "男子公路精英组", "公路精英", "Men's road elite", "Elite", "2024-05-25", "08:30"),
        ("wo", "WO", "diamond", "女子公开组", "女子公开", "Women's open", "Women", "2024-05-25", "09:10"),
        ("mm", "MM", "square", "男子公路大众组", "公路大众", "Men's road mass", "Mass", "2024-05-25", "07:00"),
        ("xo", "XO", "peak", "男子山地公开组", "山地公开", "Men's MTB open", "MTB open", "2024-05-26", "08:30"),
        ("xm", "XM", "peaks", "男子山地大众组", "山地大众", "Men's MTB mass", "MTB mass", "2024-05-26", "10:30"),
    ]
    return [
        {"slug": slug, "code": code, "mark": shape, "title": en if english else zh, "short": short_en if english else short_zh,
         "name": {"zh": zh, "en": en}, "day": day, "planned": f"{day}T{at}:00+08:00", "starts": at,
         "laps": 6, "lap_m": 14000, "course": course("mtb" if code[0] == "X" else "road", 5000 if code[0] == "X" else 14000)}
        for slug, code, shape, zh, short_zh, en, short_en, day, at in table
    ]  # fmt: skip


def boards() -> dict[str, dict[str, Any]]:
    """The five boards at 10:11:18 on the first day."""
    gun = datetime.fromisoformat("2024-05-25T08:30:00+08:00")
    law = clock(gun + timedelta(milliseconds=NOW_MS))
    women = moving("wo", gun + timedelta(minutes=40), law) | {"laps": 4}
    women["leader"] = women["leader"] | {"laps": 2, "time_ms": 2700000}
    women["rows"] = [[*row[:3], 2, *row[4:]] for row in women["rows"][:60]]
    sunday = datetime.fromisoformat("2024-05-26T08:30:00+08:00")
    return {
        "me": moving("me", gun, law),
        "wo": women,
        "mm": finished("mm", gun - timedelta(minutes=90), law),
        "xo": empty("xo", sunday, law, lap_m=5000),
        "xm": empty("xm", sunday + timedelta(hours=2), law, lap_m=5000, entered=298),
    }
