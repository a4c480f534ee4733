"""Logs of programs that forwarded a machine's stream."""

from timing.decoders import decoder
from timing.decoders.forwarder_log import is_forwarder_log, sent_frames
from timing.decoders.model import Context, Read
from timing.decoders.wall_clock import day_us, time_us

FRAMES = [
    b"Start@Pong@$",
    b"\r\n\x00\x00Start@AckGetInfo@PSD-1@Unknown@Laptop$",
    b"Start@Passing@c=KV86583|d=240525|t=09:01:02.5@1@$",
    b"\r\n\x00Start@Passing@c=KV86584|d=240525|t=09:01:03@2@$",
    b"Start@Marker@2024-05-25 08:59:56.027|ext-gun|Gun@3@$",
]


def entries(*openings):
    times = (b"2024-05-25T01:01:%02d.500Z " % number for number in range(len(openings)))
    return b"".join(time + opening + b"\n" for time, opening in zip(times, openings, strict=True))


def test_an_older_log_of_messages():
    log = entries(*(b"message: " + frame[:-1] for frame in FRAMES))
    assert sent_frames(log) == FRAMES


def test_a_newer_log_with_the_answers_between():
    sent = [b"\xc2\xbb from client: " + frame[:-1] for frame in FRAMES]
    told = b"\xc2\xab to   client: Forwarder_v1@AckPong@$"
    log = entries(b"listening on 3097", sent[0], told, *sent[1:], told, b"client left\r\nfor good")
    assert sent_frames(log) == FRAMES


def test_its_frames_are_what_the_decoder_reads():
    parsed = decoder("mylaps").parse(b"".join(FRAMES), Context("Asia/Shanghai", None, "LYDG"))
    saturday = day_us(2024, 5, 25)
    assert parsed.reads == (
        Read("Start", "KV86583", saturday + time_us("09:01:02.5"), 1),
        Read("Start", "KV86584", saturday + time_us("09:01:03"), 2),
    )
    assert (len(parsed.markers), len(parsed.control), parsed.rejects) == (1, 2, ())


def test_what_is_such_a_log():
    assert is_forwarder_log(entries(b"message: Start@Pong@"))
    assert is_forwarder_log(entries(b"\xc2\xab to   client: X@GetInfo@$"))
    assert not is_forwarder_log(b"2024-05-25T09:05:01.690,AB12\n")
    assert not is_forwarder_log(b"")
    assert sent_frames(b"Start@Pong@$") == []
