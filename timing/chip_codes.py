"""How two chip codes are alike: a sign wrong, two swapped, zeros lost, one part of the other. Pure."""

from collections import defaultdict
from collections.abc import Iterable

#: Signs; a shorter beginning or end means nothing.
SHORTEST_PART = 5


class Kin:
    """Finds handed-out chips whose codes are like another one, in time that does not grow with their number.

    Two codes that differ in one sign, or in two that are swapped, share a code with one sign left out.
    """

    def __init__(self, codes: Iterable[str]) -> None:
        self.codes = set(codes)
        self.plain: dict[str, list[str]] = defaultdict(list)
        self.without: dict[str, set[str]] = defaultdict(set)
        self.parts: dict[str, set[str]] = defaultdict(set)
        for code in sorted(self.codes):
            self.plain[plain(code)].append(code)
            for short in _without(code):
                self.without[short].add(code)
            for part in _parts(code):
                self.parts[part].add(code)

    def of(self, code: str) -> dict[str, str]:
        """Handed-out chip -> how the code is like it (a reason's code)."""
        like: dict[str, str] = {}
        for other in sorted(self.parts.get(code, ())) + [part for part in _parts(code) if part in self.codes]:
            like[other] = "part_of"
        for short in {code, *_without(code)}:
            for other in self.without.get(short, ()):
                if (how := difference(code, other)) is not None:
                    like[other] = how
            if short != code and short in self.codes:
                like[short] = "one_sign"
        for other in self.plain.get(plain(code), ()):
            like[other] = "same_but_for"
        like.pop(code, None)
        return like


def plain(code: str) -> str:
    """A code without what is easily lost: signs that are no letters or digits, and leading zeros."""
    return "".join(sign for sign in code.upper() if sign.isalnum()).lstrip("0") or "0"


def difference(one: str, other: str) -> str | None:
    """`swapped` or `one_sign` where two codes differ in that alone, else None."""
    if one == other or abs(len(one) - len(other)) > 1:
        return None
    if len(one) == len(other):
        wrong = [index for index, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
        if len(wrong) == 1:
            return "one_sign"
        if len(wrong) == 2 and wrong[1] == wrong[0] + 1:
            first = wrong[0]
            return "swapped" if one[first : first + 2] == other[first + 1] + other[first] else None
        return None
    short, long = sorted((one, other), key=len)
    return "one_sign" if short in _without(long) else None


def _without(code: str) -> set[str]:
    return {code[:index] + code[index + 1 :] for index in range(len(code))} if len(code) > 3 else set()


def _parts(code: str) -> set[str]:
    """The beginnings and ends that are long enough to mean something."""
    whole = len(code)
    return {code[:size] for size in range(SHORTEST_PART, whole - 1)} | {
        code[-size:] for size in range(SHORTEST_PART, whole - 1)
    }


def numbered(code: str) -> tuple[tuple[str, int], int] | None:
    """What stands before the number at a code's end with how long that is, and the number."""
    digits = len(code) - len(code.rstrip("0123456789"))
    if digits < 2:
        return None
    digits = min(digits, 9)
    return (code[:-digits], digits), int(code[-digits:])
