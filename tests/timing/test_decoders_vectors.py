"""Every vector of the makes we read, whole answer against whole answer; a new make adds its formats here."""

from collections import Counter

import pytest

from tests.timing.chip_vectors import context_of, named, segments_of, vectors
from timing.decoders import FORMATS, MAKES, UnknownMake, decoder
from timing.management.commands.parse import as_json, shown

OURS = vectors(*FORMATS)
LIVE = [vector for vector in OURS if decoder(vector["format"]).open_session]


def answer(vector, body):
    """The reply to Pong is the format's business: version 1 peers are vectors of mylaps_tcp_v1."""
    context = context_of(vector)
    return as_json(decoder(vector["format"]).parse(body, context), context.zone)


def test_these_families_are_covered():
    assert Counter(vector["format"] for vector in OURS) == {
        "amb_p3": 3,
        "chronotrack_ctp01": 2,
        "crossmgr_file": 1,
        "crossmgr_rfid_js": 1,
        "jchip_tcp": 1,
        "feibot_file": 1,
        "feibot_http": 1,
        "generic_csv": 2,
        "mylaps_tcp_v1": 5,
        "mylaps_tcp_v2": 6,
        "ipico": 4,
        "raceresult_file": 1,
        "raceresult_json": 1,
        "raceresult_tcp": 3,
        "rfidtiming_file": 1,
        "rfidtiming_ultra_tcp": 3,
        "sllurp_csv": 1,
        "wiclax_generic": 1,
    }


@pytest.mark.parametrize("vector", OURS, ids=named)
def test_vector(vector):
    assert answer(vector, b"".join(segments_of(vector))) == vector["expected"]


@pytest.mark.parametrize("vector", LIVE, ids=named)
def test_vector_cut_at_every_byte(vector):
    body = b"".join(segments_of(vector))
    make = decoder(vector["format"])
    for cut in range(len(body) + 1):
        session = make.session("LYDG")
        frames = session.feed(body[:cut]) + session.feed(body[cut:])
        assert answer(vector, b"".join(frame.raw for frame in frames)) == vector["expected"]
        replies = "".join(shown(frame.reply) for frame in frames)
        assert (replies, session.pending) == ("".join(vector["expected"]["replies"]), b"")


@pytest.mark.parametrize("vector", LIVE, ids=named)
def test_kept_frames_hold_all_that_counts(vector):
    session = decoder(vector["format"]).session("LYDG")
    frames = session.feed(b"".join(segments_of(vector)))
    kept = answer(vector, b"".join(frame.raw for frame in frames if frame.keep))
    whole = vector["expected"]
    told = ("passings", "markers", "rejects", "control")
    health = [said for said in whole["control"] if said["type"] in ("clock", "STATUS") or "volts" in said]
    assert {part: kept[part] for part in told} == {part: whole[part] for part in told} | {"control": health}


def test_the_registry_names_each_make_and_format():
    assert {make: made.formats for make, made in MAKES.items()} == {
        "mylaps": ("mylaps_tcp_v1", "mylaps_tcp_v2", "mylaps_file"),
        "chronotrack": ("chronotrack_ctp01", "chronotrack_file"),
        "jchip": ("jchip_tcp", "crossmgr_rfid_js"),
        "amb_p3": ("amb_p3",),
        "wiclax": ("wiclax_generic",),
        "feibot": ("feibot_http", "feibot_file"),
        "impinj": ("sllurp_csv", "crossmgr_file", "alien_log"),
        "raceresult": ("raceresult_tcp", "raceresult_json", "raceresult_file"),
        "ultra": ("rfidtiming_ultra_tcp", "rfidtiming_file"),
        "ipico": ("ipico",),
        "csv": ("generic_csv", "xlsx"),
        "json": ("json_batch",),
    }
    assert sorted(FORMATS) == sorted(name for made in MAKES.values() for name in made.formats)
    assert all(make == made.make for make, made in MAKES.items())
    assert decoder("csv").session("LYDG") is None


@pytest.mark.parametrize("name", ["timy", "mylaps_tcp_v3", "", "MYLAPS"])
def test_a_make_that_is_not_there_yet(name):
    with pytest.raises(UnknownMake) as refused:
        decoder(name)
    assert str(refused.value) == (f"There is no decoder for {name!r} yet. There are: {', '.join([*MAKES, *FORMATS])}.")
