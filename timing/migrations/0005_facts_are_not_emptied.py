"""No table of this app's facts or evidence can be emptied at one stroke (see race 0006)."""

from django.db import migrations

from race.migrations._guards import never_emptied

FACTS = ["timing_ingestion", "timing_clockoffset", "timing_correction"]
EVIDENCE = ["timing_delivery", "timing_read", "timing_marker", "timing_reject"]


class Migration(migrations.Migration):
    dependencies = [("timing", "0004_line_desk"), ("race", "0006_facts_are_not_emptied")]
    operations = [never_emptied(table) for table in FACTS + EVIDENCE]
