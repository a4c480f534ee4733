"""The chain of revisions of one race: whatever is lost, doubled or late, a follower ends at the board."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from results.streaming.feed import PENDING, RING, Board, Delta, Feed, Step

SIZE = 10_000


def board(revision: int, size: int = SIZE) -> Board:
    return Board(revision, b"x" * size, b"")


def delta(start: int, to: int, size: int = 10) -> Delta:
    return Delta(start, to, b"d" * size)


def followed(revision: int, step: Step, sent: int) -> int:
    """Where a spectator at `revision` is after the step; a delta fits on no board but its own."""
    if step.whole:
        return sent
    for each in step.deltas:
        assert each.start == revision
        revision = each.to
    return revision


def test_a_delta_that_connects_is_sent_as_it_is():
    feed = Feed(board(4))
    feed.note([delta(4, 6)])
    assert feed.advance(board(6)) == Step((delta(4, 6),))
    assert (feed.sent, list(feed.ring), feed.pending) == (6, [delta(4, 6)], {})


def test_a_gap_is_answered_with_the_board_and_forgets_the_ring():
    feed = Feed(board(4))
    feed.note([delta(4, 5)])
    feed.advance(board(5))
    feed.note([delta(6, 7)])
    assert feed.advance(board(7)) == Step(whole=True)
    assert (feed.sent, list(feed.ring)) == (7, [])


def test_an_older_board_changes_nothing():
    feed = Feed(board(7))
    assert (feed.advance(board(6)), feed.advance(board(7)), feed.sent) == (Step(), Step(), 7)


def test_another_race_of_that_name_begins_anew():
    feed = Feed(board(7))
    feed.backfill([delta(6, 7)])
    feed.note([delta(7, 8)])
    assert feed.restart(board(2)) == Step(whole=True)
    assert (feed.sent, list(feed.ring), feed.pending, feed.since(6)) == (2, [], {}, None)


def test_deltas_heavier_than_the_board_are_not_worth_sending():
    feed = Feed(board(1))
    feed.note([delta(1, 2, SIZE), delta(2, 3, 1)])
    assert feed.advance(board(3)) == Step(whole=True)


def test_a_delta_for_a_later_board_waits_for_it():
    feed = Feed(board(1))
    feed.note([delta(2, 3), delta(1, 2)])
    assert feed.advance(board(2)) == Step((delta(1, 2),))
    assert feed.advance(board(3)) == Step((delta(2, 3),))


def test_a_process_that_just_started_can_catch_others_up():
    feed = Feed(board(9))
    feed.backfill([delta(8, 9), delta(6, 8), delta(4, 5), delta(9, 10)])
    assert feed.since(6) == (delta(6, 8), delta(8, 9))
    assert [feed.since(revision) for revision in (9, 8, 7, 4, 10)] == [(), (delta(8, 9),), None, None, None]


def test_what_is_missed_is_not_sent_when_it_weighs_more_than_the_board():
    feed = Feed(board(3, size=100))
    feed.backfill([delta(1, 2, 60), delta(2, 3, 60)])
    assert (feed.since(1), feed.since(2)) == (None, (delta(2, 3, 60),))


def test_what_is_kept_is_bounded():
    feed = Feed(board(0))
    feed.note(delta(start, start + 1) for start in range(2 * PENDING))
    assert len(feed.pending) == PENDING
    for revision in range(1, 3 * RING):
        feed.note([delta(revision - 1, revision, 1)])
        feed.advance(board(revision))
    assert len(feed.ring) == RING


@given(st.data())
def test_a_follower_always_ends_at_the_board(data):
    """Revisions are published in order; each message may be lost, doubled or late, each board read late or not at all."""
    jumps = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=30))
    published = [0]
    for jump in jumps:
        published.append(published[-1] + jump)
    feed, spectator, reached = Feed(board(0)), 0, [0]
    for start, to in itertools.pairwise(published):
        for earlier, later in data.draw(st.lists(st.sampled_from(list(itertools.pairwise(published))))):
            if later <= to:
                feed.note([delta(earlier, later)])
        if data.draw(st.booleans()):
            feed.note([delta(start, to)])
        if data.draw(st.booleans()):
            spectator = followed(spectator, feed.advance(board(to)), feed.sent)
            assert spectator == feed.sent == to
            reached.append(to)
        back = data.draw(st.sampled_from(reached))
        missed = feed.since(back)
        if missed is not None:
            assert followed(back, Step(missed), feed.sent) == feed.sent
