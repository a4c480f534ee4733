"""The database itself holds the first idea: a fact is written once.

Two functions serve every fact table. `fact_is_written_once` lets through one update, of `revision` from null to its number,
and refuses everything else. `fact_has_a_number` refuses a commit that left a fact without one. `evidence_is_kept` refuses
any edit or deletion of what has no revision of its own.
"""

from django.db import migrations

from race.migrations._guards import numbered, written_once

FUNCTIONS = """
CREATE FUNCTION fact_is_written_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.revision IS NULL AND NEW.revision IS NOT NULL
     AND to_jsonb(OLD) - 'revision' = to_jsonb(NEW) - 'revision' THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a row of % is a fact: it is written once', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION fact_has_a_number() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE without bigint;
BEGIN
  EXECUTE format('SELECT count(*) FROM %I WHERE id = $1 AND revision IS NULL', TG_TABLE_NAME) INTO without USING NEW.id;
  IF without > 0 THEN
    RAISE EXCEPTION 'fact % of % has no revision', NEW.id, TG_TABLE_NAME USING ERRCODE = 'not_null_violation';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION evidence_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a row of % is evidence: it is neither edited nor deleted', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;
"""
DROP = """
DROP FUNCTION fact_is_written_once(); DROP FUNCTION fact_has_a_number(); DROP FUNCTION evidence_is_kept();
"""
# An assignment's end is edited (with a Change); it still needs its number.
WRITTEN_ONCE = ["race_change", "race_gun"]
NUMBERED = [*WRITTEN_ONCE, "race_assignment"]


class Migration(migrations.Migration):
    dependencies = [("race", "0001_initial")]
    operations = [
        migrations.RunSQL(FUNCTIONS, DROP),
        *[written_once(table) for table in WRITTEN_ONCE],
        *[numbered(table) for table in NUMBERED],
    ]
