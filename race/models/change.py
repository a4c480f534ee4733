"""What was edited, from what, to what."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from race.models.fact import Fact


class Change(Fact):
    """An edit of something that can change a board, so that "the board at revision N" can undo it.

    `before` and `after` hold only the columns that changed, and never identity data. `model` is the Django label
    (`race.Entry`), `object_id` its primary key.
    """

    model = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    before = models.JSONField(encoder=DjangoJSONEncoder)
    after = models.JSONField(encoder=DjangoJSONEncoder)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["edition", "revision"])]

    def __str__(self) -> str:
        return f"{self.model} {self.object_id}"
