"""Rows read and written by fixed statements, for the moments in which thousands come at once.

The ORM makes its SQL anew for each query, and PostgreSQL plans it anew; in a rush both cost more than the work itself.
These statements are made once a process and planned once a connection (docs/decisions/places.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeAlias

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections, models

Fields: TypeAlias = "tuple[models.Field[Any, Any], ...]"


def ask(statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows a fixed statement gives: always the same text, its values `$1`, `$2` ... Errors and query logs are Django's.

    It is prepared on each connection the first time (`prepare_threshold` in config.settings).
    """
    ours = connections[DEFAULT_DB_ALIAS]
    ours.ensure_connection()
    with ours._prepare_cursor(psycopg.RawCursor(ours.connection)) as cursor:  # type: ignore[attr-defined]
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def numbered(rows: Sequence[models.Model]) -> None:
    """Give unwritten rows their primary keys, so that others can name them before anything is written."""
    names = [_sequence(row._meta.db_table) for row in rows]
    for row, (number,) in zip(
        rows, ask("SELECT nextval(name) FROM unnest($1::regclass[]) AS name", [names]), strict=True
    ):
        row.pk = number


@cache
def _sequence(table: str) -> str:
    ((name,),) = ask("SELECT pg_get_serial_sequence($1, 'id')", [table])
    return str(name)


def write(rows: Sequence[models.Model]) -> None:
    """Insert the rows; the database gives those their numbers that have none. No signals, no row twice.

    Foreign keys are checked at the commit, so the rows may name each other.
    """
    ours = connections[DEFAULT_DB_ALIAS]
    statement, columns = _insert(tuple((type(row), row.pk is not None) for row in rows))
    values = [
        field.get_db_prep_save(field.pre_save(row, True), ours)
        for row, fields in zip(rows, columns, strict=True)
        for field in fields
    ]
    ask(statement, values)
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


@cache
def _insert(kinds: tuple[tuple[type[models.Model], bool], ...]) -> tuple[str, tuple[Fields, ...]]:
    """One statement for rows of these kinds, each with its key or without, and the fields it wants values of."""
    parts: list[str] = []
    columns: list[Fields] = []
    for number, (model, with_key) in enumerate(kinds):
        fields = tuple(field for field in model._meta.local_concrete_fields if with_key or not field.primary_key)
        names = ", ".join(f'"{field.column}"' for field in fields)
        before = sum(map(len, columns))
        places = ", ".join(f"${before + place}" for place in range(1, len(fields) + 1))
        parts.append(f'row{number} AS (INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({places}))')
        columns.append(fields)
    return f"WITH {', '.join(parts)} SELECT 1", tuple(columns)


def columns(model: type[models.Model]) -> str:
    """The columns of a model for a fixed SELECT that names its table; `read` makes the row of them."""
    return ", ".join(f'"{model._meta.db_table}"."{field.column}"' for field in model._meta.concrete_fields)


def read(values: Sequence[Any], *kinds: type[models.Model]) -> list[Any]:
    """The models, in this order, from one row of a SELECT of their `columns`."""
    made, start = [], 0
    for model in kinds:
        names, converters = _fields(model)
        part = list(values[start : start + len(names)])
        for place, field in converters:
            part[place] = field.from_db_value(part[place], None, connections[DEFAULT_DB_ALIAS])
        made.append(model.from_db(DEFAULT_DB_ALIAS, names, part))
        start += len(names)
    return made


@cache
def _fields(model: type[models.Model]) -> tuple[list[str], list[tuple[int, Any]]]:
    fields = model._meta.concrete_fields
    converted = [(place, field) for place, field in enumerate(fields) if hasattr(field, "from_db_value")]
    return [field.attname for field in fields], converted
