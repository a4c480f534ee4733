"""No table of facts or evidence can be emptied at one stroke: TRUNCATE passes the triggers of rows by (see 0002)."""

from django.db import migrations

from race.migrations._guards import never_emptied

FUNCTION = """
CREATE FUNCTION table_is_not_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the rows of % are kept: it is not emptied', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""
FACTS = ["race_change", "race_gun", "race_assignment"]
EVIDENCE = ["race_acceptance", "race_providercall", "race_ledgerline", "race_desktick", "race_logline"]


class Migration(migrations.Migration):
    dependencies = [("race", "0005_results_of_races")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION table_is_not_emptied()"),
        *[never_emptied(table) for table in FACTS + EVIDENCE],
    ]
