"""What the living page shows: each part once, with invented but true-looking people and numbers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language, gettext, ngettext

from ui import colours

VIEWS = ("normal", "protan", "deutan", "tritan", "grey")
NEUTRALS = ("canvas", "surface", "raised", "sunken", "line", "line-strong", "ink-3", "ink-2", "ink")
MEASURED = ("line-strong", "ink-3", "ink-2", "ink")
TONES = ("accent", "ok", "warn", "danger")
CATEGORIES = (
    ("circle", "ME", "男子公路精英组", "Men's road elite", 88),
    ("diamond", "WO", "女子公开组", "Women's open", 219),
    ("square", "MM", "男子公路大众组", "Men's road mass", 326),
    ("peaks", "XM", "男子山地大众组", "Men's MTB mass", 731),
    ("peak", "XO", "男子山地公开组", "Men's MTB open", 507),
)
ICONS = (
    "star", "search", "right", "down", "up", "left", "warning", "check", "cross", "clock", "lock", "share", "help",
    "grip", "swap", "plus", "page", "sun", "code", "bell", "menu", "pen", "camera", "flag", "pin",
)  # fmt: skip
SPACES = (4, 8, 12, 16, 20, 24, 32, 48, 64)


def page() -> dict[str, Any]:
    """Everything the template needs, in the language in force."""
    english = (get_language() or "").startswith("en")
    return {
        "themes": [{"name": name, **_colours(name)} for name in ("light", "dark")],
        "categories": [_category(*row, english=english) for row in CATEGORIES],
        "type_scale": _type_scale(),
        "spaces": [{"size": size, "label_y": 84} for size in SPACES],
        "head": {
            "letter": "A",
            "title": gettext("Leaders"),
            "count": ngettext("{n} rider", "{n} riders", 3).format(n=3),
            "right": "1:26:31",
        },
        "rows": _rows(english),
        "groups": _groups(),
        "statuses": ("FIN", "LAP", "OTL", "NR", "DNF", "DNS", "DSQ", "REL", "provisional", "official", "pending"),
        "fields": _fields(),
        "choices": _choices(),
        "icons": ICONS,
        "table": [("8:30", "男子公路精英组", 200), ("9:10", "女子公开组", 150), ("9:20", "男子公路大众组", 400)],
    }


def _colours(theme: str) -> dict[str, Any]:
    values = colours.tokens(theme)
    words = {
        "canvas": gettext("ground"), "surface": gettext("surface"), "raised": gettext("raised"), "sunken": gettext("sunken"),
        "line": gettext("hairline"), "line-strong": gettext("control border"), "ink-3": gettext("third ink"),
        "ink-2": gettext("second ink"), "ink": gettext("ink"), "accent": gettext("Luoyang red"), "ok": gettext("right"),
        "warn": gettext("doubtful"), "danger": gettext("missing"),
    }  # fmt: skip
    uses = {
        "accent": gettext("selected, followed, live, focus"), "ok": gettext("passed, connected"),
        "warn": gettext("doubtful, ageing, soon over"), "danger": gettext("missing, cut off, disqualified"),
    }  # fmt: skip
    return {
        "neutrals": [
            {"token": token, "word": words[token], "value": values[token],
             "contrast": f"{_short(colours.lowest_contrast(token, theme))}" if token in MEASURED else ""}
            for token in NEUTRALS
        ],
        "tones": [
            {"token": token, "word": words[token], "value": values[token],
             "soft": values[f"{token}-soft"], "on": values[f"on-{token}"],
             "on_contrast": _short(colours.contrast(values[token], values["surface"])),
             "soft_contrast": _short(colours.contrast(values[token], values[f"{token}-soft"])), "use": uses[token]}
            for token in TONES
        ],
    }  # fmt: skip


def _short(value: float) -> str:
    """A contrast with one decimal."""
    return f"{value:.1f}"


def _category(shape: str, code: str, zh: str, en: str, bib: int, *, english: bool) -> dict[str, Any]:
    looks = []
    for theme in ("light", "dark"):
        values = colours.tokens(theme)
        value = values[shape]
        on = (_short(colours.contrast(value, values["surface"])), _short(colours.contrast(value, values["canvas"])))
        swatches = [{"x": place * 48, "fill": colours.seen(value, view)} for place, view in enumerate(VIEWS)]
        looks.append({"theme": theme, "value": value, "lightness": colours.lightness(value), "grounds": " / ".join(on),
                      "text": _short(colours.contrast(value, values[f"on-{shape}"])), "swatches": swatches})  # fmt: skip
    names = (en, zh) if english else (zh, en)
    return {"shape": shape, "code": code, "name": names[0], "other": names[1], "bib": bib, "looks": looks}


def _type_scale() -> list[dict[str, str]]:
    return [
        {"step": "52 / 56 · 700", "cls": "t52", "text": "1:41:18"},
        {"step": "36 / 42 · 700", "cls": "t36", "text": gettext("2 laps to go")},
        {"step": "28 / 36 · 700", "cls": "t28", "text": gettext("Men's road elite")},
        {"step": "22 / 30 · 700", "cls": "t22", "text": gettext("Data stops at {time}").format(time="10:41:07")},
        {"step": "18 / 26 · 700", "cls": "t18", "text": gettext("Why?")},
        {"step": "16 / 24 · 400", "cls": "t16", "text": gettext("Aliaksei Harbuzau, Minsk Velo Club")},
        {"step": "14 / 20 · 400", "cls": "t14", "text": gettext("84 km · 6 laps · gun 8:30 · ages 18–45")},
        {"step": "12 / 16 · 400", "cls": "t12", "text": gettext("Revision 1284 · 25 May 10:11:18 Beijing time")},
    ]


def _rows(english: bool) -> list[dict[str, Any]]:
    table: list[tuple[Any, ...]] = [
        (1, 2, 17, "赵一鸣", "ZHAO Yiming", "", "洛阳飞驰车队", "Luoyang Feichi", "time", 7787000),
        (2, 0, 8, "安德烈斯·罗哈斯", "ROJAS Andrés Felipe", "COL", "ROJAS Andrés Felipe", "安德烈斯·罗哈斯", "same", None),
        (10, 1, 12, "欧阳瑞", "OUYANG Rui", "", "河南省洛阳市伊滨区自行车运动协会俱乐部车队",
         "Luoyang Yibin District Cycling Association Club", "gap", 12000),
        (12, 3, 88, "罗杰", "LUO Jie", "", "深圳湾骑士", "Shenzhen Bay Riders", "gap", 58000),
        (128, -4, 142, "何志强", "HE Zhiqiang", "", "商丘归德骑行", "Shangqiu Guide", "down", 1),
        (None, None, 73, "马骁", "MA Xiao", "", "兰州黄河铁骑", "Lanzhou", "DNF", None),
    ]  # fmt: skip
    return [
        {"rank": rank, "move": move, "bib": bib, "shape": "circle", "name": latin if english else zh, "nation": nation,
         "sub": team_en if english else team, "kind": kind, "value": value, "followed": bib == 88,
         "status": kind if kind == "DNF" else "", "same": kind == "same"}
        for rank, move, bib, zh, latin, nation, team, team_en, kind, value in table
    ]  # fmt: skip


def _groups() -> list[dict[str, Any]]:
    def size(n: int) -> str:
        return ngettext("{n} rider", "{n} riders", n).format(n=n)

    return [
        {"key": "A", "lead": True, "title": gettext("Leaders"), "size": size(3), "bibs": (17, 8, 21), "gap": "0:00",
         "shape": "circle"},
        {"key": "B", "title": gettext("Chase"), "size": size(2), "bibs": (5, 34), "gap": "+0:12",
         "trend": gettext("{time} closer").format(time="0:09"), "shape": "circle"},
        {"key": "C", "mine": True, "title": gettext("Peloton"), "size": size(41), "gap": "+0:58", "trend": gettext("Steady"),
         "note": gettext("With {bibs}, whom you follow").format(bibs=88)},
        {"key": "D", "title": gettext("Second group"), "size": size(27), "gap": "+3:20",
         "trend": gettext("{time} further").format(time="0:31")},
    ]  # fmt: skip


class Sample(forms.Form):
    """Four fields in their four states; what they hold is invented."""

    name = forms.CharField()
    identity = forms.CharField()
    uci_id = forms.CharField()
    phone = forms.CharField(required=False)


def _fields() -> list[dict[str, Any]]:
    form = Sample(
        {"name": "单雨桐", "identity": "****** ******** **3X", "uci_id": "100 542 718 36", "phone": ""},
        auto_id="sample_%s",
    )
    form.fields["name"].label, form.fields["name"].help_text = gettext("Name"), gettext("Pinyin SHAN Yutong")
    form.fields["identity"].label = gettext("Resident ID number")
    form.fields["identity"].widget.attrs["class"] = "is-focus"
    form.fields["uci_id"].label = "UCI ID"
    form.fields["phone"].label = gettext("Phone of a person to call")
    form.fields["phone"].widget.attrs["placeholder"] = gettext("11 digits")
    form.add_error("uci_id", gettext("The last two digits do not fit: look whether two digits changed places."))
    oks = {"identity": gettext("The check digit is right.")}
    return [{"field": form[name], "ok": oks.get(name, "")} for name in form.fields]


def _choices() -> list[dict[str, Any]]:
    return [
        {"state": "chosen", "shape": "circle", "name": gettext("Men's road elite"), "price": "¥120", "taken_percent": 92,
         "line": gettext("84 km · 6 laps · gun 8:30 · ages 18–45"), "places": gettext("16 of 200 places left"),
         "icon": "check", "reason": gettext("You can enter: age and class fit.")},
        {"state": "open", "shape": "peak", "name": gettext("Men's MTB open"), "price": "¥100", "taken_percent": 100,
         "line": gettext("30 km · 6 laps · gun 8:30 on Sunday"), "places": gettext("Full"),
         "icon": "clock", "reason": gettext("You can queue: you would be number 7.")},
        {"state": "closed", "shape": "square", "name": gettext("Men's road mass"), "price": "¥100", "taken_percent": 61,
         "line": gettext("56 km · 4 laps · gun 9:20 · ages 18–60"), "places": gettext("156 of 400 places left"),
         "icon": "cross", "reason": gettext("You chose Elite. One road race a day.")},
    ]  # fmt: skip
