"""How figures are taken from single times."""

import statistics
import time
from collections.abc import Callable, Sequence


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def milliseconds(work: Callable[[], object], runs: int = 15) -> tuple[float, float]:
    """Best and median of some runs."""
    spent = [1000 * seconds(work) for _ in range(runs)]
    return min(spent), statistics.median(spent)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent of them do not pass; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0.0
