"""The office's log: who did what to whom, before and beside the facts."""

from typing import Any

from race.models import Edition, Entry, LogLine, Registration, Rider, User


def note(
    edition: Edition,
    what: str,
    *,
    by: User | None,
    entry: Entry | None = None,
    registration: Registration | None = None,
    rider: Rider | None = None,
    **details: Any,
) -> LogLine:
    """Write one line, inside the caller's transaction. `details` is plain JSON and never holds identity data."""
    return LogLine.objects.create(
        edition=edition, what=what, by=by, entry=entry, registration=registration, rider=rider, details=details
    )
