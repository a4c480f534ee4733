"""The table of what each path may cost."""

import pytest

from config.door.limits import MIB, limits


@pytest.mark.parametrize(
    ("path", "cost"),
    [
        ("/", (MIB, 60.0, 256)),
        ("/start-list/", (MIB, 60.0, 256)),
        ("/enter/", (20 * MIB, 120.0, 256)),
        ("/editions/tenth/enter/", (20 * MIB, 120.0, 256)),
        ("/enter/judge/", (MIB, 60.0, 256)),
        ("/my/secret/riders/1/papers/insurance/", (20 * MIB, 120.0, 256)),
        ("/api/v1/races/elite/guns/", (MIB, 60.0, 1024)),
        ("/api/v1/races/elite/rulings/preview/", (MIB, 60.0, 1024)),
        ("/api/v1/timing/deliveries/", (300 * MIB, 900.0, 1024)),
        ("/api/v1/timing/reads/", (16 * MIB, 120.0, 1024)),
        ("/line/upload/", (300 * MIB, 900.0, 1024)),
        ("/editions/tenth/line/upload/", (300 * MIB, 900.0, 1024)),
        ("/office/import/", (16 * MIB, 120.0, 512)),
        ("/somewhere/api/v1/timing/deliveries/", (MIB, 60.0, 256)),
    ],
)
def test_what_a_path_may_cost(path: str, cost: tuple[int, float, int]) -> None:
    route = limits(300 * MIB, MIB).route(path)
    assert (route.body, route.total, route.waiting) == cost
