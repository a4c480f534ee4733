"""In which races the riders of chips ride: what a read can change, and whether its chip is anybody's."""

from collections.abc import Collection

from django.db import connection

from race.models import Edition
from timing import typed


def carried(edition: Edition, chips: Collection[str]) -> dict[str, set[tuple[int, int]]]:
    """Chip -> {(race, course)} of every entry that carries or carried it, or whose bib it says."""
    carried = typed.riders(edition, chips)
    if chips:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT t.code, e.race_id, r.course_id FROM race_transponder t"
                " JOIN race_assignment a ON a.transponder_id = t.id JOIN race_entry e ON e.id = a.entry_id"
                " JOIN race_race r ON r.id = e.race_id WHERE t.edition_id = %s AND t.code = ANY(%s)",
                [edition.pk, sorted(chips)],
            )
            for code, race, course in cursor.fetchall():
                carried.setdefault(code, set()).add((race, course))
    return carried
