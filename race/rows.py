"""New rows of several tables, written in one statement: when entries open, nobody should wait for seven of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection, models


def numbered(rows: Sequence[models.Model]) -> None:
    """Give unwritten rows their primary keys, so that others can name them before anything is written."""
    tables = [row._meta.db_table for row in rows]
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(name, 'id')) FROM unnest(%s::text[]) AS name", [tables])
        for row, (number,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = number


def write(rows: Sequence[models.Model]) -> None:
    """Insert the rows; the database gives those their numbers that have none. No signals, no row twice.

    Foreign keys are checked at the commit, so the rows may name each other.
    """
    parts: list[str] = []
    values: list[Any] = []
    for number, row in enumerate(rows):
        statement, fields = _insert(type(row), row.pk is not None)
        parts.append(f"row{number} AS ({statement})")
        values += [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(parts)} SELECT", values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


@cache
def _insert(model: type[models.Model], with_key: bool) -> tuple[str, tuple[models.Field[Any, Any], ...]]:
    fields = tuple(field for field in model._meta.local_concrete_fields if with_key or not field.primary_key)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({", ".join(["%s"] * len(fields))})', fields
