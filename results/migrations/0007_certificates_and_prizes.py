"""Certificates, their files and the work of making them; prize money that was handed out."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from race.migrations._guards import kept, never_emptied

KEPT = ["results_certificate", "results_certificatefile", "results_prizepayment"]


class Migration(migrations.Migration):
    dependencies = [
        ("race", "0006_facts_are_not_emptied"),
        ("results", "0006_facts_are_not_emptied"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Certificate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=16, unique=True)),
                ("said", models.JSONField()),
                ("sha256", models.CharField(max_length=64)),
                ("issued_at", models.DateTimeField()),
                (
                    "edition",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="race.edition"),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="certificates", to="race.entry"
                    ),
                ),
                (
                    "publication",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="certificates",
                        to="results.publication",
                    ),
                ),
                (
                    "race",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="certificates", to="race.race"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CertificateFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("language", models.CharField(max_length=8)),
                ("sha256", models.CharField(db_index=True, max_length=64)),
                ("body", models.BinaryField()),
                ("made_at", models.DateTimeField()),
                (
                    "certificate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="files", to="results.certificate"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CertificateJob",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("language", models.CharField(max_length=8)),
                ("asked_at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="certificate_jobs", to="race.edition"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CertificatePart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("entries", models.JSONField()),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="results.certificatejob"
                    ),
                ),
                (
                    "race",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="race.race"),
                ),
            ],
            options={
                "ordering": ["job", "number"],
            },
        ),
        migrations.CreateModel(
            name="PrizePayment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("paid", "Paid"), ("back", "Back")], max_length=4)),
                ("place", models.PositiveIntegerField(null=True)),
                ("gross_fen", models.IntegerField()),
                ("tax_fen", models.IntegerField(default=0)),
                (
                    "receipt",
                    models.CharField(
                        blank=True, help_text="Who signed for it, or the number of the receipt", max_length=80
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="prize_payments", to="race.category"
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prize_payments",
                        to="race.entry",
                    ),
                ),
                (
                    "publication",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prize_payments",
                        to="results.publication",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prize_payments",
                        to="race.team",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
            },
        ),
        migrations.AddConstraint(
            model_name="certificate",
            constraint=models.UniqueConstraint(fields=("entry", "sha256"), name="certified_once"),
        ),
        migrations.AddConstraint(
            model_name="certificatefile",
            constraint=models.UniqueConstraint(fields=("certificate", "language"), name="certificate_file_once"),
        ),
        migrations.AddConstraint(
            model_name="certificatepart",
            constraint=models.UniqueConstraint(fields=("job", "number"), name="certificate_part_once"),
        ),
        migrations.AddConstraint(
            model_name="prizepayment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("entry__isnull", False), ("team__isnull", True)),
                    models.Q(("entry__isnull", True), ("team__isnull", False)),
                    _connector="OR",
                ),
                name="prize_of_a_rider_or_a_team",
            ),
        ),
        *[kept(table) for table in KEPT],
        *[never_emptied(table) for table in KEPT],
    ]
