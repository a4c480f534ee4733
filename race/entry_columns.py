"""The columns of an entry list: their headings in Chinese and English, and the row of a sheet that holds them.

A heading is compared without case, blanks, marks and whatever stands in brackets. What is not known is shown, and a person may
say what it means.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

LABELS: dict[str, str | Promise] = {
    "name": gettext_lazy("Name"),
    "surname": gettext_lazy("Surname in Latin letters"),
    "given": gettext_lazy("Given name in Latin letters"),
    "kind": pgettext_lazy("identity", "Document"),
    "number": gettext_lazy("Document number"),
    "country": gettext_lazy("Issued by"),
    "sex": gettext_lazy("Sex"),
    "birth_date": gettext_lazy("Date of birth"),
    "category": gettext_lazy("Category"),
    "phone": gettext_lazy("Phone"),
    "email": gettext_lazy("E-mail"),
    "team": gettext_lazy("Team"),
    "region": pgettext_lazy("region", "From"),
    "nation": gettext_lazy("Nationality"),
    "uci_id": gettext_lazy("UCI ID"),
    "emergency_name": gettext_lazy("Emergency contact"),
    "emergency_phone": gettext_lazy("Emergency phone"),
    "bib": gettext_lazy("Bib"),
    "chip": gettext_lazy("Chip"),
    "paid": gettext_lazy("Paid"),
}
"""Every column by its name, in the order of a template, with the word that people see."""

#: What only the office writes.
OFFICE = ("bib", "chip", "paid")

_HEADINGS = {
    "name": "姓名 名字 运动员姓名 选手姓名 车手姓名 队员姓名 车手 选手 name fullname rider ridername athlete",
    "surname": "姓 英文姓 姓拼音 拼音姓 拉丁姓 拉丁字母姓 surname lastname familyname surnameinlatinletters",
    "given": "名 英文名 名拼音 拼音名 拉丁名 拉丁字母名 givenname firstname givennames forename givennameinlatinletters",
    "kind": "证件类型 证件种类 证件类别 证件 document documenttype idtype typeofdocument",
    "number": "证件号码 证件号 身份证号 身份证号码 身份证 居民身份证号 护照号 护照号码 id idnumber idno documentnumber "
    "documentno passport passportnumber passportno",
    "country": "签发国 签发国家 发证国家 护照签发国 issuedby issuingcountry countryofissue",
    "sex": "性别 sex gender",
    "birth_date": "出生日期 出生年月日 出生年月 生日 birthdate dateofbirth dob born birthday",
    "category": "组别 参赛组别 报名组别 项目 参赛项目 报名项目 category race class",
    "phone": "手机 手机号 手机号码 电话 联系电话 联系方式 本人电话 phone mobile telephone cell phonenumber",
    "email": "邮箱 电子邮箱 电子邮件 邮件 email mail emailaddress",
    "team": "俱乐部 车队 队伍 队名 车队名称 代表队 所属车队 单位 代表单位 club team teamname",
    "region": "地区 省份 省 省市 所在地 所在地区 来自 居住地 region province from",
    "nation": "国籍 国家 国家地区 nation nationality country citizenship",
    "uci_id": "uciid uci uci编号 uci号 uci号码 ucicode",
    "emergency_name": "紧急联系人 紧急联系人姓名 emergencycontact emergencyname emergencycontactname",
    "emergency_phone": "紧急联系电话 紧急联系人电话 紧急联系人手机 紧急电话 emergencyphone "
    "emergencycontactphone emergencynumber",
    "bib": "号码 号码布 号码牌 号码布号 参赛号 参赛号码 bib bibnumber number no startnumber",
    "chip": "芯片 芯片号 计时芯片 芯片编号 芯片1 芯片2 chip transponder chipcode tag chip1 chip2",
    "paid": "付款 缴费 已缴费 已付款 是否付款 是否缴费 付款状态 缴费状态 paid payment fee paymentstatus",
}
_BY_HEADING = {heading: name for name, headings in _HEADINGS.items() for heading in headings.split()}
_BRACKETS = re.compile(r"[（(【\[].*?[)）】\]]")
_MARKS = re.compile(r"[\W_]+")
_SEARCHED = 20  # rows in which headings may stand
_EXAMPLE = re.compile(r"(示例|例[:：]|example)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Headings:
    """Where the headings stand (-1: nowhere), as written, and the column each one means; empty for one that is unknown."""

    row: int
    written: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def unknown(self) -> list[tuple[int, str]]:
        """Position and heading of each column that nobody knows."""
        return [
            (position, heading)
            for position, (heading, column) in enumerate(zip(self.written, self.columns, strict=True))
            if heading and not column
        ]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the sheet by columns; `number` as the spreadsheet program counts, from 1."""

    number: int
    cells: Mapping[str, str]


def column(heading: str) -> str:
    """The column that a heading means; empty for none."""
    bare = _MARKS.sub("", _BRACKETS.sub("", heading)).casefold()
    return _BY_HEADING.get(bare) or _BY_HEADING.get(_MARKS.sub("", heading).casefold(), "")


def find(table: Sequence[Sequence[str]]) -> Headings:
    """The row with the most known headings, two at least; else the first one that is not empty, with none known."""
    best = Headings(-1, (), ())
    known_best = 1
    for number, cells in enumerate(table[:_SEARCHED]):
        columns = tuple(column(cell) for cell in cells)
        if (known := len(set(columns) - {""})) > known_best:
            best, known_best = Headings(number, tuple(cells), columns), known
    if best.row >= 0:
        return best
    first = next((number for number, cells in enumerate(table) if any(cells)), 0)
    return Headings(first, tuple(table[first]), ("",) * len(table[first]))


def mapped(headings: Headings, chosen: Mapping[int, str]) -> Headings:
    """The headings with what a person said of some of them, by position."""
    columns = [
        chosen.get(position, known) if chosen.get(position, known) in LABELS else ""
        for position, known in enumerate(headings.columns)
    ]
    return Headings(headings.row, headings.written, tuple(columns))


def rows(table: Sequence[Sequence[str]], headings: Headings) -> list[Row]:
    """The rows under the headings; empty ones and the examples of our template are left out.

    Two columns of one meaning (chip 1 and 2, province and city) are put together.
    """
    found = []
    for number, cells in enumerate(table[headings.row + 1 :], headings.row + 2):
        taken: dict[str, str] = {}
        for name, cell in zip(headings.columns, cells, strict=False):
            if name and cell:
                taken[name] = f"{taken[name]} {cell}" if name in taken else cell
        if taken and not any(_EXAMPLE.match(cell) for cell in cells[:1]):
            found.append(Row(number, taken))
    return found
