"""A phone number is kept as it is dialled from anywhere, and only where it can be."""

import pytest

from race import phones


@pytest.mark.parametrize(
    ("typed", "dialled"),
    [
        ("138 0012 3456", "+8613800123456"),
        ("１３８００１２３４５６", "+8613800123456"),
        ("0379-63212345", "+8637963212345"),
        ("+57 301 555 0142", "+573015550142"),
        ("12345", ""),
        ("63212345", ""),
        ("1380012", ""),
        ("110", ""),
        ("no phone", ""),
    ],
)
def test_only_a_number_in_full_can_be_dialled(typed: str, dialled: str) -> None:
    assert phones.dialled(typed) == dialled
