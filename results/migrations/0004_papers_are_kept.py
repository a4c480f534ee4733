"""The database itself holds the first idea for official papers and protests (see race 0002)."""

from django.db import migrations

from race.migrations._guards import kept, numbered, written_once

WRITTEN_ONCE = ["results_communique", "results_protest", "results_proteststep"]
EVIDENCE = ["results_printed"]


class Migration(migrations.Migration):
    dependencies = [("results", "0003_official_papers"), ("race", "0002_facts_are_appended")]
    operations = [
        *[written_once(table) for table in WRITTEN_ONCE],
        *[numbered(table) for table in WRITTEN_ONCE],
        *[kept(table) for table in EVIDENCE],
    ]
