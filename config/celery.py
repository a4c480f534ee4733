"""The worker: `celery -A config worker`. Celery rings; PostgreSQL remembers (design: four ideas, 4)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("daguguan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
