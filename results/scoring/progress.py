"""How far each rider has come: laps, then the timing point reached since, then when.

A key is (laps, place of the point in course order since the last line; 0 for the line itself). Two riders with the same
key were last seen at the same place, so the difference of their times is a gap that was measured, not guessed.
"""

from bisect import bisect_right

from .field import Field, Ride

Key = tuple[int, int]

FAR_US = 1 << 62
"""Later than any instant: who has none comes last."""


def passes(ride: Ride) -> dict[Key, int]:
    """When the rider first reached each key, the line and the points between."""
    crossings = ride.crossings
    reached = {(lap, 0): at_us for lap, at_us in enumerate(crossings, start=1)}
    start_us = ride.gun_us or 0
    for at_us, mark in ride.marks:
        if at_us > start_us:
            key = (bisect_right(crossings, at_us), mark)
            if at_us < reached.get(key, FAR_US):
                reached[key] = at_us
    return reached


def furthest(ride: Ride) -> tuple[Key, int]:
    """The last key and when; the start and FAR_US for who has not been seen yet."""
    since_us = ride.end_us or ride.gun_us or 0
    mark, at_us = 0, ride.end_us or FAR_US
    for seen_us, place in ride.marks:
        if seen_us > since_us and (place > mark or (place == mark and seen_us < at_us)):
            mark, at_us = place, seen_us
    return (ride.laps, mark), at_us


def several_points(field: Field) -> bool:
    """Whether anything but the line is measured at all."""
    return len(field.rules.points) > 1
