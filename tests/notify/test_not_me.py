"""Not me: by command, by a link's POST, by a button, each once, each narrowing, with a file that anybody can check."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from notify_house import NotifyHouse
from servers import Bot

from bailiwick.authority import notice_verbs as verbs
from bailiwick.authority.links import BUTTON_MS, CODE_MS, PAGE_MS
from bailiwick.authority.openroutes import OpenRequest
from bailiwick.authority.telegrams import SPENT, Telegrams
from bailiwick.authority.verbs import Kind, Move, MoveParty
from bailiwick.link.questions import Event
from bailiwick.model.notice import Channel, Notice, Urgency, Way

CHAT = Channel(Way.TELEGRAM, "77:5")


def listener(house: NotifyHouse) -> Telegrams:
    noticing = house.desk.noticing
    assert noticing.senders.telegram is not None
    return Telegrams(house.store, noticing.senders.telegram, noticing.links, noticing.owners, noticing.incidents.not_me)


def raw_store(house: NotifyHouse) -> bytes:
    """The bytes of the database as they lie on the disk."""
    path = house.store.path
    return path.read_bytes() + path.with_name(path.name + "-wal").read_bytes()


async def told(house: NotifyHouse, key: str) -> None:
    """A notice about a key, delivered."""
    notice = Notice(kind="x", title="Something", text="happened", urgency=Urgency.STOP, key=key, account="main")
    house.desk.notices.tell("Ada", notice)
    await house.desk.noticing.post.deliver()


async def test_not_me_does_all_that_it_says(house: NotifyHouse) -> None:
    """The key winds down as a suspect one, an incident is open, the key's orders are disputed, its owner is told."""
    key = (await house.issue()).id
    old = house.traded(key, "before")
    house.now += 48 * 3_600_000
    orders = [house.traded(key, f"c{number}") for number in range(3)]
    answer = await house.ask(verbs.NotMe(key=key, reason="I was asleep"))
    assert house.state(key)[0] == "winding_down"
    assert answer.disputed == tuple(orders)
    assert (await house.ask(verbs.ShowIncident(id=answer.id))).state == "open"
    assert [each.notice.kind for each in house.store.notices.list()] == ["not_me"]
    assert {"key.not-me", "incident.open"} <= set(house.verbs())
    assert old not in answer.disputed


async def test_one_order_is_disputed_by_its_record_or_its_name(house: NotifyHouse) -> None:
    """`--order` disputes the one order that it names, and no other, and the same incident takes both."""
    key = (await house.issue()).id
    first, second, _ = (house.traded(key, name) for name in ("c1", "c2", "c3"))
    by_record = await house.ask(verbs.NotMe(key=key, order=str(first)))
    by_name = await house.ask(verbs.NotMe(key=key, order="c2"))
    assert (by_record.disputed, by_name.disputed) == ((first,), (first, second))
    assert by_record.id == by_name.id


async def test_anothers_order_is_not_disputed(house: NotifyHouse) -> None:
    """The record of another key's order is no order of this key."""
    key, other = (await house.issue()).id, (await house.issue()).id
    theirs, mine = house.traded(other, "theirs"), house.traded(key, "mine")
    answer = await house.ask(verbs.NotMe(key=key, order=str(theirs)))
    assert (answer.disputed, house.state(other)[0]) == ((mine,), "active")


async def test_not_me_never_widens(house: NotifyHouse) -> None:
    """A frozen key stays frozen when its owner says that it was not him."""
    key = (await house.issue()).id
    await house.ask(MoveParty(kind=Kind.KEY, id=key, to=Move.FREEZE))
    answer = await house.ask(verbs.NotMe(key=key))
    assert (house.state(key)[0], answer.state) == ("frozen", "open")


async def test_the_file_for_the_exchange_proves_itself_offline(house: NotifyHouse, tmp_path: Path) -> None:
    """Its own verifier, run alone, proves every record in it; one that was altered is not proven."""
    key = (await house.issue(name="grid")).id
    order = house.traded(key, "c1")
    answer = await house.ask(verbs.NotMe(key=key))
    check_file(Path(answer.evidence), tmp_path / "out", order)


def check_file(file: Path, out: Path, order: int) -> None:
    """Everything in the file is proven by what is in the file, and an altered proof is not."""
    assert file.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(file) as bundle:
        bundle.extractall(out)
    proofs = sorted((out / "proofs").iterdir())
    run = [sys.executable, "-I", str(out / "verify_proof.py")]
    for proof in proofs:
        found = subprocess.run([*run, str(proof), "--key", str(out / "journal-key.txt")], capture_output=True)
        assert (found.returncode, found.stderr) == (0, b"")
    assert f"record-{order}.tlog-proof" in [proof.name for proof in proofs]
    (out / "forged").write_text(proofs[0].read_text().replace("extra U", "extra V", 1))
    assert subprocess.run([*run, "forged", "--key", "journal-key.txt"], cwd=out, capture_output=True).returncode == 1


async def test_the_file_says_who_held_the_key_and_what_it_might_do(house: NotifyHouse) -> None:
    """Grant, holder and contact, the orders with the exchange's own ids, and every time in UTC."""
    key = (await house.issue()).id
    order = house.traded(key, "c1")
    answer = await house.ask(verbs.NotMe(key=key))
    with zipfile.ZipFile(answer.evidence) as bundle:
        letter, values = bundle.read("READ-ME-FIRST.txt").decode(), json.loads(bundle.read("evidence.json"))
    for word in ("A bot", "help@bot.example", "BTCUSDT", "client order id c1", str(7_000 + order), "203.0.113.9"):
        assert word in letter
    assert "It may" in letter
    assert values["trades"][0]["intent"]["at"].endswith("Z")
    assert "canary-venue-secret" not in letter + json.dumps(values)


async def test_a_link_acts_on_post_alone_and_once(house: NotifyHouse) -> None:
    """To open a link changes nothing, however often; its POST winds the key down, and a second does nothing."""
    key = (await house.issue()).id
    secret = house.desk.noticing.links.make("not-me", {"key": key, "position": -1})
    routes = {(route.method, route.path): route.answer for route in house.desk.open_routes}

    async def ask(method: str) -> int:
        request = OpenRequest(method, f"/not-me/{secret}", {}, {}, b"", "127.0.0.1")
        return (await routes[method, "/not-me/{secret}"](request)).status

    looks = [await ask("GET") for _ in range(3)]
    before = house.state(key)[0]
    assert (looks, before, await ask("POST"), house.state(key)[0]) == ([200] * 3, "active", 200, "winding_down")
    assert (await ask("POST"), await ask("GET")) == (410, 410)


async def test_a_link_is_short_lived_and_only_its_digest_is_kept(house: NotifyHouse) -> None:
    """After an hour a link does nothing, and the database never held its secret."""
    key = (await house.issue()).id
    links = house.desk.noticing.links
    secret = links.make("not-me", {"key": key})
    assert secret.encode() not in raw_store(house)
    house.now += PAGE_MS
    assert (links.look("not-me", secret), links.redeem("not-me", secret)) == (None, None)


async def test_a_button_is_for_one_user_in_one_chat_once(house: NotifyHouse, bot: Bot) -> None:
    """The registered user in the registered chat winds the key down, once; nobody else, and nowhere else."""
    key = (await house.issue()).id
    house.channels(CHAT)
    await told(house, key)
    data = bot.button
    for user, chat in ((6, 77), (5, 78)):
        bot.press(data, user=user, chat=chat)
    await listener(house).listen(0)
    assert ([each["text"] for each in bot.answered], house.state(key)[0]) == ([SPENT] * 2, "active")
    bot.press(data, user=5, chat=77)
    bot.press(data, user=5, chat=77)
    await listener(house).listen(0)
    assert house.state(key)[0] == "winding_down"
    assert [each["text"] == SPENT for each in bot.answered] == [True, True, False, True]
    assert len(data.encode()) <= 64


async def test_a_button_of_a_chat_that_was_taken_away_does_nothing(house: NotifyHouse, bot: Bot) -> None:
    """Who is no owner's chat any more presses in vain, and so does whoever comes a day late."""
    key = (await house.issue()).id
    house.channels(CHAT)
    await told(house, key)
    house.channels()
    bot.press(bot.button, user=5, chat=77)
    await listener(house).listen(0)
    house.channels(CHAT)
    house.now += 60_000
    await told(house, (await house.issue()).id)
    late = bot.button
    house.now += BUTTON_MS
    bot.press(late, user=5, chat=77)
    await listener(house).listen(0)
    assert ([each["text"] for each in bot.answered], house.state(key)[0]) == ([SPENT] * 2, "active")


async def test_a_chat_is_registered_by_a_code_that_works_once(house: NotifyHouse, bot: Bot) -> None:
    """The first to send the code in a private chat is told from then on; a group, a second and a late one are not."""
    code = (await house.ask(verbs.TelegramCode(name="Ada"))).code
    bot.hear(f"/start {code}", user=5, chat=-9, kind="group")
    bot.hear(f"/start {code}", user=5, chat=77)
    bot.hear(f"/start {code}", user=6, chat=78)
    await listener(house).listen(0)
    late = (await house.ask(verbs.TelegramCode(name="Ada"))).code
    house.now += CODE_MS
    bot.hear(f"/start {late}", user=7, chat=79)
    await listener(house).listen(0)
    assert house.store.owners.get("Ada").channels == (CHAT,)


async def test_an_update_is_taken_once(house: NotifyHouse, bot: Bot) -> None:
    """How far the bot was heard is kept, so that a restart presses no button again."""
    bot.hear("hello", user=5, chat=77)
    assert (await listener(house).listen(0), await listener(house).listen(0)) == (1, 0)


async def test_a_bot_that_is_not_heard_is_asked_ever_more_seldom(house: NotifyHouse, bot: Bot) -> None:
    """While Telegram refuses, the pauses double up to a minute, and are over with the first answer."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    noticing = house.desk.noticing
    assert noticing.senders.telegram is not None
    incidents = noticing.incidents
    listening = Telegrams(
        house.store, noticing.senders.telegram, noticing.links, noticing.owners, incidents.not_me, sleep=sleep
    )
    bot.refusal = (502, {})
    for _ in range(8):
        await listening.listen(0)
    bot.refusal = None
    await listening.listen(0)
    bot.refusal = (502, {})
    await listening.listen(0)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 1]


async def test_every_order_shown_has_its_not_me(house: NotifyHouse) -> None:
    """Each order of a key is shown with what became of it and the command that disputes it; a disputed one says so."""
    key = (await house.issue()).id
    first, second = house.traded(key, "c1", executed=None), house.traded(key, "c2")
    await house.ask(verbs.NotMe(key=key, order="c1"))
    newest, oldest = (await house.ask(verbs.OrdersOfKey(key=key))).rows
    assert (newest.position, newest.not_me) == (second, f"bailiwick key not-me {key} --order {second}")
    assert (oldest.position, oldest.outcome, oldest.disputed[:4]) == (first, "not known", "inc-")


async def test_an_incident_is_noted_and_closed_with_a_reason(house: NotifyHouse) -> None:
    """What is written down stays, closing needs a reason, and a closed incident is not closed again."""
    key = (await house.issue()).id
    opened = await house.ask(verbs.NotMe(key=key))
    await house.ask(verbs.NoteIncident(id=opened.id, text="ticket 4711"))
    for verdict, reason in (("paid back", ""), ("other", " "), ("other", "paid back"), ("theft", "again")):
        try:
            await house.ask(verbs.CloseIncident(id=opened.id, verdict=verdict, reason=reason))
        except Exception as error:
            assert "reason" in str(error) or "verdict" in str(error) or "closed already" in str(error)
    shown = await house.ask(verbs.ShowIncident(id=opened.id))
    assert (shown.state, shown.verdict, shown.closing) == ("closed", "other", "paid back")
    assert shown.notes[-1][2] == "ticket 4711"
    assert [row.id for row in (await house.ask(verbs.ListIncidents(state="closed"))).rows] == [opened.id]


def event(kind: str, key: str, position: int = 3, **detail: str) -> Event:
    return Event(position=position, at_ms=0, kind=kind, key=key, account="main", detail=detail)


async def test_the_owner_hears_of_a_client_that_nobody_named(house: NotifyHouse) -> None:
    """An unfamiliar client is told of with where it came from, how to name it, and how to stop the key."""
    key = (await house.issue()).id
    detail = {
        "fingerprint": "0123456789abcdef",
        "service": "bot",
        "source": "203.0.113.9",
        "request": "GET /api/v3/account",
    }
    house.gateway.events = [event("unfamiliar_client", key, 3, **detail)]
    await house.desk.hearing.listen(0)
    (found,) = [each.notice for each in house.store.notices.list() if each.notice.kind == "unfamiliar_client"]
    assert found.key == key
    for said in ("203.0.113.9", "0123456789abcdef", "bailiwick service edit bot", "bailiwick key not-me"):
        assert said in found.text


async def test_the_owner_hears_that_an_old_secret_is_in_use(house: NotifyHouse) -> None:
    """While two secrets are believed, the owner is told that the earlier one is still used, and until when it works."""
    key = (await house.issue()).id
    house.gateway.events = [
        event("previous_secret_used", key, 3, last="2026-11-21T06:00:00Z", until="2026-11-21T07:00:00Z")
    ]
    await house.desk.hearing.listen(0)
    (found,) = [each.notice for each in house.store.notices.list() if each.notice.kind == "previous_secret_used"]
    assert (found.key, "until 2026-11-21T07:00:00Z" in found.text.replace("\n", " "), "--leaked" in found.text) == (
        key, True, True,
    )  # fmt: skip


async def test_the_first_later_use_of_a_removed_key_tells_its_owner(house: NotifyHouse) -> None:
    """A bot that was forgotten says so once: with what it asked, from where, and that it can place no stop."""
    key = (await house.issue()).id
    await house.ask(MoveParty(kind=Kind.KEY, id=key, to=Move.REVOKE))
    detail = {"reason": "KEY_REVOKED", "request": "POST /api/v3/order", "source": "203.0.113.9"}
    house.gateway.events = [event("removed_key_used", key, position, **detail) for position in (3, 9)]
    await house.desk.hearing.listen()
    (found,) = [each for each in house.store.notices.list() if each.notice.kind == "removed_key_used"]
    assert (found.owner, found.count) == ("Ada", 2)
    assert "203.0.113.9" in found.notice.text


@pytest.mark.parametrize("reason", ["ADDRESS_FOREIGN", "CAPABILITY_NOT_GRANTED", "KEY_EXPIRED"])
async def test_2015_says_to_the_owner_which_of_the_three_it_was(house: NotifyHouse, reason: str) -> None:
    """The client reads "-2015, key, IP, or permissions"; its owner reads which, and what to do, once a day."""
    key = (await house.issue()).id
    detail = {"reason": reason, "request": "POST /api/v3/order", "source": "203.0.113.9"}
    house.gateway.events = [event("refused", key, position, **detail) for position in range(50)]
    await house.desk.hearing.listen()
    (found,) = house.store.notices.list()
    assert (found.count, reason in found.notice.text, "bailiwick key not-me" in found.notice.text) == (50, True, False)
