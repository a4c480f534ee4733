"""The start list of the seeded field and laid-out weekends, made once for all tests of this folder."""

from functools import cache

from seeds import field, regulations
from seeds.simulator import cards
from seeds.simulator.cards import Starter
from seeds.simulator.mats import Mat
from seeds.simulator.weekend import Weekend, lay_out

BACKUP_OFFSET_MS = -37_250


@cache
def starters() -> dict[str, tuple[Starter, ...]]:
    """The starters of every race as the start list of the seeded field gives them."""
    entries = field.build().entries
    return {
        card.slug: tuple(
            Starter(entry.bib, tuple(chip.code for chip in entry.chips))
            for entry in entries
            if entry.category == card.code
        )
        for card in cards.weekend()
    }


@cache
def mats() -> tuple[Mat, ...]:
    """The six decoders of the regulations, the clocks of the backups 37.25 s fast."""
    return tuple(
        Mat(
            name=row["name"],
            course=row["course"],
            point=row["point"],
            backup=row["role"] == "backup",
            zone="Asia/Shanghai",
            offset_ms=BACKUP_OFFSET_MS if row["role"] == "backup" else 0,
        )
        for row in regulations.tenth()["sources"]
    )


@cache
def weekend(seed: int) -> Weekend:
    """The weekend of a seed, laid out."""
    return lay_out(seed, starters(), mats())
