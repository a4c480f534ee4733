"""`manage.py drain`: the worker's work, with no worker and no broker."""

from typing import Any

from django.core.management.base import BaseCommand
from redis.exceptions import RedisError

from race import postbox, tasks
from race.models import Race
from results import certificate_job, live, printing
from timing import ingest
from timing.models import Pending


class Command(BaseCommand):
    """Take in everything that is pending, look after entries and mail, and publish every board that lags."""

    help = (
        "Take in all deliveries, end holds, ask for refunds, send mail, publish boards: here and now, without Celery."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it once and say how much there was."""
        channels = list(Pending.objects.filter(parked="").values_list("channel_id", flat=True).distinct())
        parts = sum(ingest.take_in(channel) for channel in channels)
        tended = tasks.tend()
        sent = sum(postbox.send(edition) for edition in postbox.due())
        if sent or any(tended.values()):
            told = ", ".join(f"{count} {what}" for what, count in tended.items())
            self.stdout.write(f"{told}, {sent} messages sent")
        papers = [printing.make(paper) for paper in printing.owed().values_list("pk", flat=True)]
        if papers:
            self.stdout.write(f"files of {len(papers)} communiqués made")
        for job in certificate_job.owed().values_list("pk", flat=True):
            while certificate_job.make_part(job) > 0:
                pass
        try:
            published = sum(live.refresh(race) for race in live.lagging())
        except RedisError as problem:
            self.stdout.write(f"{parts} parts taken in; boards wait for Redis ({problem})")
            return
        self.stdout.write(f"{parts} parts taken in, {published} boards of {Race.objects.count()} races published")
