"""The database itself keeps the evidence of entering: what was accepted, what a provider sent, what money moved."""

from django.db import migrations

from race.migrations._guards import kept

KEPT = ["race_acceptance", "race_providercall", "race_ledgerline", "race_desktick", "race_logline"]


class Migration(migrations.Migration):
    dependencies = [("race", "0003_entering")]
    operations = [kept(table) for table in KEPT]
