"""The database itself holds the first idea for this app's facts and evidence (see race 0002)."""

from django.db import migrations

from race.migrations._guards import kept, numbered, written_once

WRITTEN_ONCE = ['results_ruling', 'results_publication']
EVIDENCE = ['results_link']


class Migration(migrations.Migration):
    dependencies = [("results", "0001_initial"), ("race", "0002_facts_are_appended")]
    operations = [
        *[written_once(table) for table in WRITTEN_ONCE],
        *[numbered(table) for table in WRITTEN_ONCE],
        *[kept(table) for table in EVIDENCE],
    ]
