"""Names: surnames, pinyin, what lists sort by and what finds a rider."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from race import names


@pytest.mark.parametrize(
    ("zh", "surname", "own", "latin"),
    [
        ("张三", "张", "三", "ZHANG San"),
        (" 张　三 ", "张", "三", "ZHANG San"),
        ("单雄信", "单", "雄信", "SHAN Xiongxin"),
        ("单于飞", "单", "于飞", "SHAN Yufei"),
        ("曾国藩", "曾", "国藩", "ZENG Guofan"),
        ("解晓东", "解", "晓东", "XIE Xiaodong"),
        ("仇英", "仇", "英", "QIU Ying"),
        ("查良镛", "查", "良镛", "ZHA Liangyong"),
        ("朴树", "朴", "树", "PIAO Shu"),
        ("盖伟", "盖", "伟", "GE Wei"),
        ("区建", "区", "建", "OU Jian"),
        ("任伟", "任", "伟", "REN Wei"),
        ("吕绿", "吕", "绿", "LYU Lyu"),
        ("卜凯", "卜", "凯", "BU Kai"),
        ("尉迟敬德", "尉迟", "敬德", "YUCHI Jingde"),
        ("万俟明", "万俟", "明", "MOQI Ming"),
        ("万明", "万", "明", "WAN Ming"),
        ("欧阳修", "欧阳", "修", "OUYANG Xiu"),
        ("欧阳", "欧", "阳", "OU Yang"),
        ("司马光", "司马", "光", "SIMA Guang"),
        ("上官婉儿", "上官", "婉儿", "SHANGGUAN Waner"),
        ("诸葛亮", "诸葛", "亮", "ZHUGE Liang"),
        ("叶赫那拉杏", "叶赫那拉", "杏", "YEHENALA Xing"),
        ("阿卜杜拉·麦麦提", "阿卜杜拉", "麦麦提", "ABUDULA Maimaiti"),
        ("阿卜杜拉．麦麦提", "阿卜杜拉", "麦麦提", "ABUDULA Maimaiti"),
        ("欧阳·司马", "欧阳", "司马", "OUYANG Sima"),
        ("何塞・路易斯・莫雷诺", "何塞", "路易斯·莫雷诺", "HESAI Luyisi Moleinuo"),
        ("王", "王", "", "WANG"),
        ("Juan Pérez", "Juan Pérez", "", "JUAN PÉREZ"),
        ("", "", "", ""),
    ],
)
def test_a_name_is_parted_and_read_as_a_name(zh, surname, own, latin):
    assert (names.split(zh), names.romanise(zh)) == ((surname, own), latin)


def test_every_reading_belongs_to_a_surname():
    assert {surname for surname in names.SURNAME_READINGS if len(surname) > 1} - names.COMPOUND_SURNAMES == set()
    assert names.pinyin("乐正绫") == ("YUEZHENG", "Ling")


@pytest.mark.parametrize(
    ("zh", "surname", "own", "key"),
    [
        ("张三", "ZHANG", "San", "zhang san"),
        ("单雄信", "", "", "shan xiongxin"),
        ("胡安·莫雷诺", "ROJAS MORENO", "Andrés", "rojas moreno andres"),
        ("", "ŁUKASZ", "", "lukasz"),
        ("", "", "", ""),
    ],
)
def test_lists_sort_by_the_latin_name(zh, surname, own, key):
    assert names.sort_key(zh, surname, own) == key


def test_a_sort_key_fits_its_column():
    assert len(names.sort_key("", "A" * 200, "B")) == 160


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        (("张三", "ZHANG", "San"), "张三|zhangsan|sanzhang|zs|sz"),
        (
            ("欧阳娜娜", "OUYANG", "Nana"),
            "欧阳娜娜|ouyangnana|nanaouyang|oynn|nnoy|on|no",
        ),
        (
            ("吕布", "LYU", "Bu"),
            "吕布|lubu|bulu|lb|bl|lyubu|bulyu|lvbu|bulv",
        ),
        (
            ("胡安·莫雷诺", "ROJAS MORENO", "Andrés"),
            "胡安莫雷诺|huanmoleinuo|moleinuohuan|hamln|mlnha|rojasmorenoandres|andresrojasmoreno|rma|arm",
        ),
        (("", "O'BRIEN", "Jean-Luc"), "obrienjeanluc|jeanlucobrien|ojl|jlo"),
        (("", "", ""), ""),
    ],
)  # fmt: skip
def test_the_keys_of_a_name(name, keys):
    assert names.search_keys(*name) == keys


ZHANG = ("张三", "ZHANG", "San")
ROJAS = ("安德烈斯·罗哈斯", "ROJAS MORENO", "Andrés")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("zs", ZHANG),
        ("zhang san", ZHANG),
        ("ZHANG San", ZHANG),
        ("san zhang", ZHANG),
        ("Zhāng Sān", ZHANG),
        ("ｚｈａｎｇ　ｓａｎ", ZHANG),
        ("zhang-san", ZHANG),
        ("张三", ZHANG),
        ("张 三", ZHANG),
        ("zhangs", ZHANG),
        ("ROJAS MORENO Andrés", ROJAS),
        ("andres rojas", ROJAS),
        ("Andrés", ROJAS),
        ("a.rm", ROJAS),
        ("安德烈斯罗哈斯", ROJAS),
        ("安德烈斯•罗哈斯", ROJAS),
        ("lv bu", ("吕布", "LYU", "Bu")),
        ("lü bu", ("吕布", "LYU", "Bu")),
        ("oynn", ("欧阳娜娜", "OUYANG", "Nana")),
        ("maimaiti", ("阿卜杜拉·麦麦提", "ABDULLA", "Memet")),
        ("odegard", ("", "ØDEGÅRD", "Lars")),
    ],
)
def test_what_a_person_types_finds_the_rider(typed, name):
    assert names.query_key(typed) in names.search_keys(*name)


@pytest.mark.parametrize("typed", ["zsan", "ls", "sanzs", "张四", "三|z"])
def test_what_is_another_name_does_not(typed):
    assert names.query_key(typed) not in names.search_keys(*ZHANG)


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12))
def test_any_name_can_be_found_by_itself_as_it_is_written(zh, surname, own):
    keys = names.search_keys(zh, surname, own)
    for typed in (zh, f"{surname} {own}", f"{own} {surname}"):
        assert names.query_key(typed) in keys
    assert "|" not in names.query_key(zh + surname + own)
