"""What every live decoder must hold to, whatever bytes come: used by the tests of each make."""

from itertools import pairwise

from hypothesis import strategies as st

from timing.decoders.model import Frame

CUTS = st.lists(st.integers(0, 400), max_size=5)


def bodies(*pieces):
    """Arbitrary bytes, and streams put together from what the make says."""
    return st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(pieces), max_size=12).map(b"".join))


def fed(make, body, cuts):
    """The frames of a connection that came in these cuts, and the connection."""
    session = make.session("LYDG")
    frames: list[Frame] = []
    for start, end in pairwise([0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]):
        frames += session.feed(body[start:end])
    return frames, session


def holds_however_cut(make, context, body, cuts):
    """The frames say what the whole says; those kept, whether read together or one by one, give all its facts."""
    frames, session = fed(make, body, cuts)
    whole = make.parse(body, context)
    again = make.parse(b"".join(frame.raw for frame in frames) + session.pending, context)
    assert again[:4] == whole[:4]
    assert again.control == whole.control or session.pending == b""  # an unfinished login is withheld
    assert b"".join(frame.reply for frame in frames) == b"".join(whole.replies)
    kept = [frame.raw for frame in frames if frame.keep]
    assert make.parse(b"".join(kept) + session.pending, context)[:3] == whole[:3]
    singly = [make.parse(raw, context) for raw in [*kept, session.pending]]
    assert tuple(tuple(item for one in singly for item in one[part]) for part in range(3)) == whole[:3]
