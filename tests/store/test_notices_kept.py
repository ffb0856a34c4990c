"""What is queued for owners, and the links and incidents that are kept."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bailiwick.authority.notices import SAME_FOR_MS, STOPPED_SAME_FOR_MS, Notices
from bailiwick.model.notice import Channel, Notice, Owner, Urgency, Way, due
from bailiwick.store.incidents import Incident, Link, Step
from bailiwick.store.notices import State
from bailiwick.store.store import Store
from bailiwick.store.tables import metadata

NOW = 1_790_000_000_000
MAIL = Channel(Way.EMAIL, "ada@example.com")
HOUR = 3_600_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store of its own."""
    with Store.open(tmp_path / "x.db") as opened:
        yield opened


def notice(**fields: object) -> Notice:
    return Notice(**{"kind": "leak", "title": "A secret leaked", "text": "It did.", "key": "bwk_1", **fields})  # type: ignore[arg-type]  # a test's own


def test_the_tables_of_notices_are_those_of_the_migration(store: Store) -> None:
    """What the program reads and what the migration makes agree, column by column."""
    with store.reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    mine = {"owner", "notice", "delivery", "heard", "incident", "disputed", "link", "leak", "secret_print"}
    assert [each for each in differences if any(f"'{name}'" in repr(each) for name in mine)] == []


def test_a_notice_is_kept_before_tell_returns(store: Store) -> None:
    """What was told is in the database, due on every channel, whatever becomes of the process."""
    store.owners.put(Owner(name="Ada", channels=(MAIL,)))
    number = Notices(store, lambda: NOW).tell("Ada", notice())
    with Store.open(store.path) as other:
        (found,) = other.notices.due(NOW, 10)
    assert (found.told.id, found.channel, found.told.notice) == (number, MAIL, notice())


def test_the_same_matter_is_counted_and_not_told_anew(store: Store) -> None:
    """A hundred of the same are one notice with a count; another key, or a day later, is another."""
    store.owners.put(Owner(name="Ada", channels=(MAIL,)))
    now = [NOW]
    notices = Notices(store, lambda: now[0])
    first = [notices.tell("Ada", notice()) for _ in range(100)]
    other = notices.tell("Ada", notice(key="bwk_2"))
    now[0] += SAME_FOR_MS
    later = notices.tell("Ada", notice())
    assert (len(set(first)), len({first[0], other, later})) == (1, 3)
    assert [told.count for told in store.notices.list()] == [1, 1, 100]


def test_a_stop_is_told_again_soon(store: Store) -> None:
    """That something was stopped is worth saying again after minutes."""
    now = [NOW]
    notices = Notices(store, lambda: now[0])
    first = notices.tell("Ada", notice(urgency=Urgency.STOP))
    now[0] += STOPPED_SAME_FOR_MS
    assert notices.tell("Ada", notice(urgency=Urgency.STOP)) != first


@pytest.mark.parametrize(("urgency", "hours"), [(Urgency.STOP, 0), (Urgency.WARNING, 7.5), (Urgency.NEWS, 8.5)])
def test_quiet_hours_never_silence_a_stop(urgency: Urgency, hours: float) -> None:
    """At half past eleven at night a stop is told at once, a warning in the morning, news with the digest."""
    owner = Owner(name="Ada", quiet="22:00-07:00", digest="08:00", zone="Europe/Zurich")
    night = int(datetime(2026, 9, 20, 21, 30, tzinfo=UTC).timestamp() * 1000)  # 23:30 there
    assert due(owner, urgency, night) == night + hours * HOUR


def test_quiet_hours_end_by_the_owners_clock() -> None:
    """Where the clocks go back in the quiet hours, they are an hour longer."""
    owner = Owner(name="Ada", quiet="22:00-07:00", zone="Europe/Zurich")
    night = int(datetime(2026, 10, 24, 21, tzinfo=UTC).timestamp() * 1000)  # 23:00 there, the night of the change
    assert due(owner, Urgency.WARNING, night) == night + 9 * HOUR


def test_a_link_is_used_once_by_whom_it_is_for(store: Store) -> None:
    """A link works once, in its time, for its purpose, and for nobody else; somebody else's attempt leaves it whole."""
    incidents = store.incidents
    made = Link(digest=b"d" * 32, purpose="not-me", bound="7:8", subject="{}", expires=NOW + 10)
    incidents.add_link(made, NOW)
    tries = [("not-me", "7:9", NOW), ("other", "7:8", NOW), ("not-me", "7:8", NOW + 10), ("not-me", "7:8", NOW + 9)]
    used = [incidents.use_link(made.digest, purpose=p, bound=b, now=n) is not None for p, b, n in tries]
    again = incidents.use_link(made.digest, purpose="not-me", bound="7:8", now=NOW)
    assert (used, again) == ([False, False, False, True], None)


def test_one_matter_opens_one_incident(store: Store) -> None:
    """What belongs to an open incident is added to it; once that is closed, the matter opens another."""

    def opened(id_: str, key: str) -> Incident:
        return store.incidents.open(Incident(id=id_, opened=NOW, kind="leak", title="x", matter="m", keys=(key,)))

    assert (opened("i1", "a").id, opened("i2", "b").keys) == ("i1", ("a", "b"))
    store.incidents.close("i1", "other", "settled", Step(NOW, "ada", "closed"))
    assert opened("i3", "a").id == "i3"


def test_the_place_in_the_events_outlives_the_process(store: Store) -> None:
    """How far events have been heard is kept, source by source."""
    store.notices.hear("gateway", 41)
    store.notices.hear("gateway", 42)
    with Store.open(store.path) as other:
        assert (other.notices.heard("gateway"), other.notices.heard("telegram")) == (42, -1)


def test_what_was_sent_is_not_due(store: Store) -> None:
    """A delivery that was made is not made again, and one that is put off comes back."""
    store.owners.put(Owner(name="Ada", channels=(MAIL,)))
    Notices(store, lambda: NOW).tell("Ada", notice())
    (one,) = store.notices.due(NOW, 10)
    store.notices.put_off([one.id], NOW + 5, error="busy")
    assert list(store.notices.due(NOW, 10)) == []
    (again,) = store.notices.due(NOW + 5, 10)
    store.notices.settle([again.id], State.SENT, now=NOW + 5)
    assert (again.tries, list(store.notices.due(NOW + HOUR, 10))) == (1, [])
