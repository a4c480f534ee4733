"""What a machine sent, out of the log of a program that forwarded it.

Each entry opens with an ISO time. `message: ...` and `» from client: ...` are what the machine sent; `« to   client:`
is what it was told and is skipped, like any other line. An entry may span several lines of the file: a frame keeps the
CR, LF and NUL that came before it, while the `$` that closed it was stripped and is put back here.
"""

import re

_ENTRY = re.compile(rb"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^ \r\n]* ", re.MULTILINE)
_SENT = re.compile(rb"message: |\xc2\xbb from client: ")


def is_forwarder_log(body: bytes) -> bool:
    """Whether the file opens with an entry of such a log."""
    first = _ENTRY.match(body)
    return first is not None and re.match(rb"message: |\xc2[\xab\xbb] ", body[first.end() :]) is not None


def sent_frames(log: bytes) -> list[bytes]:
    """The machine's frames in order, each with its closing `$` and whatever stood before it on the wire."""
    frames = []
    entries = list(_ENTRY.finditer(log))
    for number, entry in enumerate(entries, start=1):
        end = entries[number].start() if number < len(entries) else len(log)
        sent = _SENT.match(log, entry.end(), end)
        if sent is not None:
            frames.append(log[sent.end() : end].removesuffix(b"\n") + b"$")
    return frames
