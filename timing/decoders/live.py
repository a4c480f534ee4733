"""The makes whose machines speak over the network. No more than the standard library: the bridge on a laptop has them too."""

from timing.decoders.amb_p3 import AMB_P3
from timing.decoders.chronotrack import CHRONOTRACK
from timing.decoders.ipico import IPICO
from timing.decoders.jchip import JCHIP
from timing.decoders.model import Decoder
from timing.decoders.mylaps_tcp import mylaps
from timing.decoders.raceresult import RACERESULT
from timing.decoders.ultra import ULTRA
from timing.decoders.wiclax import WICLAX

LIVE: dict[str, Decoder] = {
    "mylaps": mylaps(version=2),
    "chronotrack": CHRONOTRACK,
    "jchip": JCHIP,
    "amb_p3": AMB_P3,
    "wiclax": WICLAX,
    "raceresult": RACERESULT,
    "ultra": ULTRA,
    "ipico": IPICO,
}
