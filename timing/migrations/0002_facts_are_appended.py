"""The database itself holds the first idea for this app's facts and evidence (see race 0002)."""

from django.db import migrations

from race.migrations._guards import kept, numbered, written_once

WRITTEN_ONCE = ['timing_ingestion', 'timing_clockoffset', 'timing_correction']
EVIDENCE = ['timing_delivery', 'timing_read', 'timing_marker', 'timing_reject']


class Migration(migrations.Migration):
    dependencies = [("timing", "0001_initial"), ("race", "0002_facts_are_appended")]
    operations = [
        *[written_once(table) for table in WRITTEN_ONCE],
        *[numbered(table) for table in WRITTEN_ONCE],
        *[kept(table) for table in EVIDENCE],
    ]
