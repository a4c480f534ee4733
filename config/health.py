"""Is it alive, is it ready, and how is it: `/healthz/live`, `/healthz/ready`, `/metrics`."""

from datetime import UTC, datetime

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from race.models import Race
from results import live
from timing.models import Delivery, Pending, Read


@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """This process answers. It asks nobody else, so that a lost database does not get every web process restarted."""
    return HttpResponse("ok\n", content_type="text/plain")


def _database() -> str:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error as problem:
        return f"down: {problem}".strip()
    return f"{len(missing)} migrations to apply" if missing else "ok"


def _redis() -> str:
    try:
        live.store().ping()
    except RedisError as problem:
        return f"down: {problem}"
    return "ok"


def _worker() -> str:
    """The worker's own mark, left by the sweep: it went through the broker, a worker and the database."""
    try:
        mark = live.store().get(live.WORKER_MARK)
    except RedisError:
        return "unknown"
    if mark is None:
        return "silent"
    age = (
        datetime.now(UTC) - datetime.fromisoformat(mark.decode() if isinstance(mark, bytes) else mark)
    ).total_seconds()
    return "ok" if age < live.WORKER_SILENT_S else f"silent for {age:.0f} s"


def _boards() -> str:
    """Whether every board is of the newest facts; one that cannot be computed shows itself here."""
    try:
        late = live.late()
    except RedisError:
        return "unknown"
    return ", ".join(f"{slug} late for {seconds} s" for slug, seconds in late.items()) or "ok"


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Every part that a race needs, each by name; 503 if one of them is not well."""
    parts = {"database": _database(), "redis": _redis(), "worker": _worker(), "boards": _boards()}
    return JsonResponse(parts, status=200 if set(parts.values()) == {"ok"} else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """A few figures for Prometheus."""
    figures = {
        "deliveries_total": Delivery.objects.count(),
        "deliveries_pending": Pending.objects.filter(parked="").count(),
        "deliveries_parked": Pending.objects.filter(parked=Pending.Parked.ASKED).count(),
        "reads_total": Read.objects.count(),
        "boards_lagging": len(live.lagging()),
        "races_total": Race.objects.count(),
    }
    lines = [f"# TYPE daguguan_{name} gauge\ndaguguan_{name} {value}" for name, value in figures.items()]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")


urlpatterns = [
    path("healthz/live", alive, name="healthz-live"),
    path("healthz/ready", ready, name="healthz-ready"),
    path("metrics", metrics, name="metrics"),
]
