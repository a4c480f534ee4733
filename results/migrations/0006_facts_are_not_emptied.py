"""No table of this app's facts or evidence can be emptied at one stroke (see race 0006)."""

from django.db import migrations

from race.migrations._guards import never_emptied

FACTS = ["results_ruling", "results_publication", "results_communique", "results_protest", "results_proteststep"]
EVIDENCE = ["results_link", "results_printed"]


class Migration(migrations.Migration):
    dependencies = [("results", "0005_watches"), ("race", "0006_facts_are_not_emptied")]
    operations = [never_emptied(table) for table in FACTS + EVIDENCE]
