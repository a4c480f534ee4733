"""The worker of a measurement: everything the real one does, and an errand that does nothing.

`celery -A bench.errand worker ...`
"""

from config.celery import app


@app.task(name="bench.errand.nothing")
def nothing(answer: str) -> None:
    """Say that it was done, and do nothing else."""
    from results.live import store  # Celery sets Django up after it has read this file

    store().rpush(answer, b"done")
