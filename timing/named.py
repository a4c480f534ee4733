"""The sources that deliveries name. A name that nobody knows becomes an unmapped source: kept, and counting nowhere yet.

Within bounds, since a source stays for ever and each new one is a warning on the line desk: a mad machine, or a table whose
column of chips was taken for that of places, would bury all that matters. What then has no source is a reject.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from timing import decoders
from timing.models import Channel, Pending, Source

LONGEST_NAME = 80  # longer than the names of any make
#: New names in what one delivery of a machine brings at once. A file that names more waits for a person (`timing.parking`).
MOST_NEW = 40
#: Of an edition, that nobody has put at a timing point yet; from there on a machine adds no more.
MOST_UNMAPPED = 200


def sources_of(channel: Channel, told: Sequence[tuple[Pending, Collection[str]]]) -> dict[str, Source]:
    """By name, the sources that deliveries of a channel name; those that are new are made.

    A channel that may speak for certain sources only makes none.
    """
    all_names = {name for _pending, names in told for name in names if fits(name, LONGEST_NAME)}
    known = _known(channel, all_names)
    missing = {} if channel.sources.all() else _missing(channel, told, all_names - set(known))
    if not missing:
        return known
    home = channel.edition.zone
    made = [
        Source(edition=channel.edition, name=name, make=live_make(said) or channel.make, zone=said.get("zone") or home)
        for name, said in sorted(missing.items())
    ]
    Source.objects.bulk_create(made, ignore_conflicts=True)
    return known | _known(channel, missing)


def fits(text: str, longest: int) -> bool:
    """Whether the database can hold it."""
    return 0 < len(text) <= longest and "\x00" not in text


def live_make(said: Mapping[str, Any]) -> str:
    """The make of a machine that a bridge or a crew delivers for; empty for that of a table."""
    found = decoders.MAKES.get(str(said.get("make", "")))
    return found.make if found is not None and found.open_session is not None else ""


def _known(channel: Channel, names: Collection[str]) -> dict[str, Source]:
    return {source.name: source for source in Source.objects.filter(edition=channel.edition, name__in=names)}


def _missing(
    channel: Channel, told: Sequence[tuple[Pending, Collection[str]]], unknown: Collection[str]
) -> dict[str, Mapping[str, Any]]:
    """The names that become sources, each with what was said with the first delivery to name it: the make, the zone of its
    clock (the venue's where nothing was said)."""
    if not unknown:
        return {}
    room = MOST_UNMAPPED - Source.objects.filter(edition=channel.edition, point=None).count()
    found: dict[str, Mapping[str, Any]] = {}
    for pending, names in told:
        new = {name for name in names if name in unknown and name not in found}
        if pending.file or len(new) <= min(MOST_NEW, room - len(found)):
            found |= dict.fromkeys(new, pending.delivery.options)
    return found
