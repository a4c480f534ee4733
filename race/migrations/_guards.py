"""Operations that put a table under the guard of the functions made in 0002."""

from django.db.migrations import RunSQL


def written_once(table: str) -> RunSQL:
    """Rows are facts: the only update is that of `revision` from null to its number."""
    return RunSQL(
        f"CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION fact_is_written_once()",
        f"DROP TRIGGER written_once ON {table}",
    )


def numbered(table: str) -> RunSQL:
    """A commit that leaves a row without a revision is refused."""
    return RunSQL(
        f"CREATE CONSTRAINT TRIGGER numbered AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
        "WHEN (NEW.revision IS NULL) EXECUTE FUNCTION fact_has_a_number()",
        f"DROP TRIGGER numbered ON {table}",
    )


def kept(table: str) -> RunSQL:
    """Rows are evidence: neither edited nor deleted."""
    return RunSQL(
        f"CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION evidence_is_kept()",
        f"DROP TRIGGER kept ON {table}",
    )


def never_emptied(table: str) -> RunSQL:
    """TRUNCATE fires no trigger of a row: this one refuses it, also where it would come from another table by CASCADE."""
    return RunSQL(
        f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION table_is_not_emptied()",
        f"DROP TRIGGER never_emptied ON {table}",
    )
