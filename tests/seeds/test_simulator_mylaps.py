"""The bytes a decoder's laptop sends; the system's own decoder has to find in them what was put in."""

import json
from datetime import date
from pathlib import Path

import pytest

from seeds.simulator import mylaps
from seeds.simulator.mats import Detection
from tests.seeds.played import weekend
from timing import decoders
from timing.decoders.model import Context

VECTORS = json.loads((Path(__file__).parent.parent / "data" / "chip-vectors.json").read_text("utf-8"))["vectors"]
CONTEXT = Context(zone="Asia/Shanghai", race_date=date(2024, 5, 25), source="somebody else")
READ = Detection(0, "Start", "LZ63021", 1_741_448_260_704, "race")  # 2025-03-08 15:37:40.704 on the device


def identities(parsed):
    return [(read.source, read.chip, read.local_us // 1000) for read in parsed.reads]


def test_a_record_of_the_older_protocol_is_the_real_one_to_the_byte():
    """The first record of the real message in the vectors, down to its checksum."""
    real = next(vector for vector in VECTORS if vector["id"] == "mylaps1-01-real")["input"]["text"]
    assert mylaps.store_record(READ, 1) == real.split("@")[2] == "LZ6302115:37:40.704 5 0F  10001250308" + "62"


def test_a_damaged_record_differs_in_its_checksum_alone():
    record = mylaps.store_record(READ, 1)
    damaged = mylaps.broken(record)
    assert (damaged[:38], damaged[38] == record[38], len(damaged)) == (record[:38], False, 39)
    parsed = decoders.decoder("mylaps").parse(mylaps.message(1, "Start", [damaged, record], 7), CONTEXT)
    assert [reject.reason for reject in parsed.rejects] == ["bad_checksum"]
    assert identities(parsed) == [READ.identity]


@pytest.mark.parametrize("version", [1, 2])
def test_the_decoder_finds_what_was_put_in(version):
    reads = [read for read in weekend(1).day.live if read.source == "FIN-ROAD"][: mylaps.RECORDS[version]]
    records = [
        mylaps.store_record(read, number) if version == 1 else mylaps.passing_record(read)
        for number, read in enumerate(reads)
    ]
    parsed = decoders.decoder("mylaps").parse(mylaps.message(version, "FIN-ROAD", records, 12), CONTEXT)
    assert identities(parsed) == [read.identity for read in reads]
    assert (parsed.rejects, parsed.replies) == ((), (f"DAGUGUAN@Ack{mylaps.FUNCTION[version]}@12@$".encode(),))


def test_the_file_of_a_memory_stick_is_read_whole():
    stick = weekend(1).day.sticks[0]
    parsed = decoders.decoder("csv").parse(mylaps.stick_file(stick.detections), CONTEXT)
    assert identities(parsed) == [read.identity for read in stick.detections]
    assert parsed.rejects == ()


@pytest.mark.parametrize("version", [1, 2])
def test_no_message_holds_more_than_the_protocol_allows(version):
    with pytest.raises(ValueError, match="records in one message"):
        mylaps.message(version, "F", ["x"] * (mylaps.RECORDS[version] + 1), 1)
