"""Rows read and written by fixed statements, for the moments in which thousands come at once.

The ORM makes its SQL anew for each query, and PostgreSQL plans it anew; in a rush both cost more than the work itself.
These statements are made once a process and planned once a connection (docs/decisions/places.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections, models

#: All values of a row, and those of them (by place) that their field makes.
Plan: TypeAlias = "tuple[attrgetter[tuple[Any, ...]], tuple[tuple[int, models.Field[Any, Any]], ...]]"
#: Fields whose values are what the database takes, unless they make them themselves (`auto_now`).
PLAIN = frozenset(
    (
        models.CharField, models.TextField, models.SlugField, models.BooleanField, models.DateField, models.DateTimeField,
        models.BigAutoField, models.IntegerField, models.PositiveSmallIntegerField, models.PositiveIntegerField,
        models.PositiveBigIntegerField, models.BigIntegerField, models.ForeignKey,
    )
)  # fmt: skip


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
    statement, plans = _insert(tuple((type(row), row.pk is not None) for row in rows))
    values: list[Any] = []
    for row, (plain, made) in zip(rows, plans, strict=True):
        part = list(plain(row))
        for place, field in made:
            part[place] = field.get_db_prep_save(field.pre_save(row, True), ours)
        values += part
    ask(statement, values)
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


@cache
def _insert(kinds: tuple[tuple[type[models.Model], bool], ...]) -> tuple[str, tuple[Plan, ...]]:
    """One statement for rows of these kinds, each with its key or without, and how to read its values off the rows."""
    parts: list[str] = []
    plans: list[Plan] = []
    before = 0
    for number, (model, with_key) in enumerate(kinds):
        fields = [field for field in model._meta.local_concrete_fields if with_key or not field.primary_key]
        names = ", ".join(f'"{field.column}"' for field in fields)
        places = ", ".join(f"${before + place}" for place in range(1, len(fields) + 1))
        parts.append(f'row{number} AS (INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({places}))')
        made = tuple((place, field) for place, field in enumerate(fields) if not _plain(field))
        plans.append((attrgetter(*(field.attname for field in fields)), made))
        before += len(fields)
    return f"WITH {', '.join(parts)} SELECT 1", tuple(plans)


def _plain(field: models.Field[Any, Any]) -> bool:
    made = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    return type(field) in PLAIN and not made


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
