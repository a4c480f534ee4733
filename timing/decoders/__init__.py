"""One file a make: bytes in, reads and what could not be read out. Pure: no database, no clock, no settings.

A new make is a file here, a line in MAKES (or, where its machines speak over the network, in `live.LIVE`) and its vectors
in the tests; docs/decoders.md is the recipe.
"""

from timing.decoders.feibot import FEIBOT
from timing.decoders.impinj import IMPINJ
from timing.decoders.jchip import CROSSMGR_JSON
from timing.decoders.json_batch import JSON_BATCH
from timing.decoders.live import LIVE
from timing.decoders.model import Decoder
from timing.decoders.mylaps_file import MYLAPS_FILE, with_exports
from timing.decoders.mylaps_tcp import mylaps
from timing.decoders.raceresult import RACERESULT_FILE, RACERESULT_JSON
from timing.decoders.sheet import SHEET

MAKES: dict[str, Decoder] = {
    **LIVE,
    "mylaps": with_exports(LIVE["mylaps"]),
    "feibot": FEIBOT,
    "impinj": IMPINJ,
    "csv": SHEET,
    "json": JSON_BATCH,
}

# A format picks its decoder; one that is spoken to otherwise than its make by default says so here.
FORMATS: dict[str, Decoder] = {
    **{name: decoder for decoder in MAKES.values() for name in decoder.formats},
    "mylaps_tcp_v1": mylaps(version=1),
    "mylaps_tcp_v2": mylaps(version=2),
    "mylaps_file": MYLAPS_FILE,
    "crossmgr_rfid_js": CROSSMGR_JSON,
    "raceresult_file": RACERESULT_FILE,
    "raceresult_json": RACERESULT_JSON,
}


class UnknownMake(LookupError):
    """No decoder of this name; the message lists those there are."""


def decoder(make_or_format: str) -> Decoder:
    """The decoder of a make (mylaps) or of one of its formats (mylaps_tcp_v1). Raises UnknownMake."""
    found = MAKES.get(make_or_format) or FORMATS.get(make_or_format)
    if found is None:
        names = ", ".join([*MAKES, *FORMATS])
        raise UnknownMake(f"There is no decoder for {make_or_format!r} yet. There are: {names}.")
    return found
