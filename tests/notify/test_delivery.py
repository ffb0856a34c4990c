"""Notices on their way: over each channel as it should be, again when it fails, and one message for a storm."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from notify_house import NOW, NotifyHouse
from servers import Bot, MailServer, Web, certificate

from bailiwick.authority import notice_verbs as verbs
from bailiwick.authority.senders import Senders
from bailiwick.link.wire import LinkError
from bailiwick.model.notice import Channel, Notice, Owner, Urgency, Way
from bailiwick.model.secret import Secret
from bailiwick.notify import apprise
from bailiwick.notify.fault import ChannelFault
from bailiwick.notify.mail import Mail
from bailiwick.notify.message import Message, compose
from bailiwick.notify.settings import Notices, SourceError, read_source
from bailiwick.notify.webhook import receiver_secret, verify
from bailiwick.store.notices import Told

CHAT = Channel(Way.TELEGRAM, "77:5")
STOP = Notice(kind="leak", title="A secret leaked", text="It winds down.", urgency=Urgency.STOP, account="main")


def about(key: str, **fields: Any) -> Notice:
    values = {name: getattr(STOP, name) for name in STOP.__struct_fields__}
    return Notice(**{**values, "key": key, **fields})


async def deliver(house: NotifyHouse) -> int:
    return await house.desk.noticing.post.deliver()


async def test_a_notice_reaches_the_registered_chat(house: NotifyHouse, bot: Bot, telegram: Web) -> None:
    """A notice is sent to the owner's own chat, once, with the words as they are and the command beside the button."""
    house.channels(CHAT)
    house.desk.notices.tell("Ada", about("bwk_1"))
    assert (await deliver(house), await deliver(house)) == (1, 0)
    (sent,) = bot.sent
    assert (sent["chat_id"], "parse_mode" in sent) == (77, False)
    assert "bailiwick key not-me bwk_1" in sent["text"]
    assert telegram.asked[0].path == "/bot42:TOKEN/sendMessage"


async def test_what_fails_is_tried_again_and_no_fault_names_the_token(house: NotifyHouse, bot: Bot) -> None:
    """A refusal for now is waited out as long as Telegram says; a refusal for good ends it; neither shows the token."""
    house.channels(CHAT)
    house.desk.notices.tell("Ada", STOP)
    bot.refusal = (429, {"description": "slow down", "parameters": {"retry_after": 600}})
    assert await deliver(house) == 0
    house.now += 599_000
    bot.refusal = None
    assert await deliver(house) == 0
    house.now += 1_000
    assert await deliver(house) == 1
    house.now += 3_600_000
    house.desk.notices.tell("Ada", about("bwk_2"))
    bot.refusal = (403, {"description": "bot was blocked by the user"})
    await deliver(house)
    told = house.store.notices.list()[0]
    assert told.deliveries[0][2:] == ("failed", "telegram: status 403: bot was blocked by the user")
    assert "TOKEN" not in repr(house.store.notices.list())


async def test_a_server_that_is_down_is_tried_with_longer_and_longer_pauses(house: NotifyHouse, telegram: Web) -> None:
    """Pauses double up to an hour, and a stop is given up after a week only."""
    house.channels(CHAT)
    house.desk.notices.tell("Ada", STOP)
    await telegram.close()
    pauses = []
    for _ in range(14):
        await deliver(house)
        (due,) = house.store.notices.due(house.now + 10**9, 1)
        pauses.append(due.due - house.now)
        house.now = due.due
    assert pauses[:4] == [5_000, 10_000, 20_000, 40_000]
    assert pauses[-1] == 3_600_000
    house.now = NOW + 8 * 24 * 3_600_000
    await deliver(house)
    assert house.store.notices.waiting() == 0
    await telegram.start()


async def test_a_storm_is_one_message_with_a_count(house: NotifyHouse, bot: Bot) -> None:
    """The first of a kind leaves at once; those behind it leave as one message, with their number."""
    house.channels(CHAT)
    house.desk.notices.tell("Ada", about("bwk_0"))
    await deliver(house)
    for number in range(1, 41):
        house.desk.notices.tell("Ada", about(f"bwk_{number}"))
    assert await deliver(house) == 0
    house.now += 60_000
    assert await deliver(house) == 1
    assert bot.sent[-1]["text"].startswith("40 x A secret leaked")
    assert (len(bot.sent), house.store.notices.waiting()) == (2, 0)


async def test_quiet_hours_hold_a_warning_and_no_stop(house: NotifyHouse, bot: Bot) -> None:
    """In quiet hours a stop is told at once; a warning waits for their end."""
    house.channels(CHAT, quiet="00:00-23:59")
    house.desk.notices.tell("Ada", about("bwk_1", kind="x", urgency=Urgency.WARNING, title="later"))
    house.desk.notices.tell("Ada", about("bwk_2"))
    await deliver(house)
    assert [sent["text"].split("\n")[0] for sent in bot.sent] == ["A secret leaked"]
    house.now += 24 * 3_600_000
    await deliver(house)
    assert len(bot.sent) == 2


async def test_a_digest_is_one_message_of_all_news(house: NotifyHouse, bot: Bot) -> None:
    """News of several kinds wait for the digest, and come in one message that names each."""
    house.channels(CHAT, digest="08:00")
    for number, kind in enumerate(("swept", "rotated", "swept")):
        house.desk.notices.tell("Ada", about(f"bwk_{number}", kind=kind, title=f"It {kind}", urgency=Urgency.NEWS))
    before = await deliver(house)
    house.now += 24 * 3_600_000
    assert (before, await deliver(house), len(bot.sent)) == (0, 1, 1)
    assert [line for line in bot.sent[0]["text"].splitlines() if line.startswith("- ")] == [
        "- It swept bwk_0", "- It rotated bwk_1", "- It swept bwk_2",
    ]  # fmt: skip


async def test_a_fault_in_one_notice_holds_up_no_other(house: NotifyHouse, bot: Bot) -> None:
    """A notice that cannot be sent for a fault of ours is tried again later; the next one leaves."""
    house.channels(Channel(Way.TELEGRAM, "77:5"))
    house.desk.notices.tell("Ada", about("bwk_1", kind="odd"))
    house.desk.notices.tell("Ada", about("bwk_2", kind="even"))
    links = house.desk.noticing.post._links
    make, links.make = links.make, lambda purpose, subject, **more: 1 // (subject["key"] != "bwk_1") or ""  # type: ignore[method-assign,assignment,return-value]  # fails for one
    await deliver(house)
    links.make = make  # type: ignore[method-assign]  # as it was
    assert [sent["text"].count("bwk_2") > 0 for sent in bot.sent] == [True]
    assert house.store.notices.waiting() == 1


async def test_one_channel_that_fails_holds_up_no_other(house: NotifyHouse, bot: Bot, hook: Web) -> None:
    """Each channel is tried for itself."""
    bot.refusal = (500, {})
    house.channels(CHAT, Channel(Way.WEBHOOK, house.hook_base + "/hook"))  # type: ignore[attr-defined]  # of the fixture
    house.desk.notices.tell("Ada", STOP)
    assert await deliver(house) == 1
    assert len(hook.asked) == 1


async def test_a_webhook_is_signed_for_its_receiver(house: NotifyHouse, hook: Web) -> None:
    """The receiver's own secret proves a webhook; not another's, not another body, not an old one."""
    added = await house.ask(verbs.AddChannel(name="Ada", way="webhook", to=f"{house.hook_base}/hook"))  # type: ignore[attr-defined]  # of the fixture
    house.desk.notices.tell("Ada", about("bwk_1"))
    await deliver(house)
    (got,) = hook.asked
    now_s = house.now // 1000
    other = receiver_secret(Secret(b"the key of all"), "Bob", f"{house.hook_base}/hook")  # type: ignore[attr-defined]  # of the fixture
    assert added.secret is not None
    assert verify(added.secret, got.headers, got.body, now_s)
    assert not verify(other, got.headers, got.body, now_s)
    assert not verify(added.secret, got.headers, got.body + b" ", now_s)
    assert not verify(added.secret, got.headers, got.body, now_s + 301)
    assert not verify(added.secret, {**got.headers, "bailiwick-timestamp": str(now_s + 1)}, got.body, now_s)
    assert got.json["not_me"].startswith("https://bailiwick.example.com/not-me/")


async def test_an_address_that_may_hold_a_secret_is_shown_by_its_host(house: NotifyHouse) -> None:
    """Neither the journal nor what is shown has a webhook's path; it is taken away by the name that is shown."""
    added = await house.ask(verbs.AddChannel(name="Ada", way="webhook", to="https://hooks.example/a/hidden-part"))
    ((way, shown),) = added.channels
    assert (way, shown.startswith("https://hooks.example/…")) == ("webhook", True)
    removed = await house.ask(verbs.RemoveChannel(name="Ada", way="webhook", to=shown))
    assert removed.channels == ()
    assert "hidden-part" not in "".join(act.before + act.after for act in house.gateway.acts)


async def test_a_webhook_follows_no_redirect(house: NotifyHouse, hook: Web) -> None:
    """A receiver that points elsewhere gets nothing more: the notice stays to be tried again."""
    hook.answer = lambda request: (302, {"Location": "/elsewhere"}, b"")
    house.channels(Channel(Way.WEBHOOK, house.hook_base + "/hook"))  # type: ignore[attr-defined]  # of the fixture
    house.desk.notices.tell("Ada", STOP)
    assert await deliver(house) == 0
    assert [request.path for request in hook.asked] == ["/hook"]


async def test_mail_leaves_encrypted_to_a_server_that_is_known(tmp_path: Path) -> None:
    """By STARTTLS to a server whose certificate is trusted a mail leaves; the password is sent after that alone."""
    import asyncio

    ca_file, context = certificate(tmp_path)
    server = MailServer(context)
    port = await server.start()
    message = compose(Owner(name="Ada"), [Told(1, "Ada", about("bwk_1"), NOW, 3, NOW)])
    mail = Mail("127.0.0.1", port, "starttls", "b@example.com", user="u", password=Secret(b"p"), ca_file=ca_file)
    await asyncio.to_thread(mail.send, "ada@example.com", message, "https://x.example/not-me/abc")
    assert (server.encrypted, len(server.logins)) == ([True], 1)
    assert "Subject: [bailiwick] A secret leaked (3 times)" in server.mails[0]
    assert "https://x.example/not-me/abc" in server.mails[0]
    await server.close()


@pytest.mark.parametrize("case", ["no STARTTLS", "unknown certificate"])
async def test_mail_never_leaves_in_the_clear(tmp_path: Path, case: str) -> None:
    """Where the server offers no encryption, or a certificate that nobody vouches for, nothing is sent."""
    import asyncio

    ca_file, context = certificate(tmp_path)
    server = MailServer(context, offers_tls=case != "no STARTTLS")
    port = await server.start()
    trusted = ca_file if case == "no STARTTLS" else None
    mail = Mail("127.0.0.1", port, "starttls", "b@example.com", user="u", password=Secret(b"p"), ca_file=trusted)
    message = compose(Owner(name="Ada"), [Told(1, "Ada", STOP, NOW, 1, NOW)])
    with pytest.raises(ChannelFault):
        await asyncio.to_thread(mail.send, "ada@example.com", message)
    assert (server.mails, server.logins) == ([], [])
    await server.close()


@pytest.mark.parametrize(("code", "for_good"), [("550", True), ("451", False)])
async def test_a_recipient_that_is_refused_for_good_is_given_up(tmp_path: Path, code: str, for_good: bool) -> None:
    """5xx for the recipient ends a mail; 4xx is tried again."""
    import asyncio

    ca_file, context = certificate(tmp_path)
    server = MailServer(context, refuses=code)
    port = await server.start()
    mail = Mail("127.0.0.1", port, "starttls", "b@example.com", ca_file=ca_file)
    message = compose(Owner(name="Ada"), [Told(1, "Ada", STOP, NOW, 1, NOW)])
    with pytest.raises(ChannelFault) as caught:
        await asyncio.to_thread(mail.send, "ada@example.com", message)
    assert caught.value.for_good is for_good
    await server.close()


def test_notices_name_no_address_and_no_amount_unless_asked() -> None:
    """What a hold is about is told to owners alone who asked for it."""
    told = Told(1, "Ada", about("bwk_1", detail="5 BTC to bc1qexample"), NOW, 1, NOW)
    plain, asked = (compose(Owner(name="Ada", amounts=amounts), [told]) for amounts in (False, True))
    assert ("bc1qexample" in plain.text, "bc1qexample" in asked.text) == (False, True)


def test_a_secret_of_a_sender_is_never_written_in_the_configuration(directory: Path) -> None:
    """A token that is written out is refused, and so is a file that others may read."""
    with pytest.raises(ValueError, match="telegram_token"):
        Notices(telegram_token="42:TOKEN")
    (directory / "telegram.token").chmod(0o644)
    with pytest.raises(SourceError, match="chmod 600"):
        read_source("x", f"file:{directory / 'telegram.token'}")


def test_a_sender_without_its_secret_leaves_the_others_in_use(directory: Path) -> None:
    """One channel that cannot be opened says why, and the rest serves."""
    senders = Senders(
        Notices(telegram_token="env:NOT_THERE", webhook_key=f"file:{directory / 'webhook.key'}"), lambda: NOW
    )
    assert (senders.has(Way.TELEGRAM), senders.has(Way.WEBHOOK)) == (False, True)
    assert "NOT_THERE" in senders.troubles(Owner(name="Ada", channels=(CHAT,)))[0]


@pytest.mark.skipif(apprise.installed(), reason="Apprise is installed")
def test_apprise_is_named_where_it_is_missing() -> None:
    """Without the extra, its channel is refused with what to install."""
    with pytest.raises(LinkError, match=r"bailiwick\[apprise\]"):
        Senders(Notices(), lambda: NOW).check(Channel(Way.APPRISE, "ntfy://host/topic"))


@pytest.mark.skipif(not apprise.installed(), reason="bailiwick[apprise] is not installed here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what Apprise itself imports
async def test_apprise_delivers_what_was_said(hook: Web, capsys: pytest.CaptureFixture[str]) -> None:
    """A notice arrives over Apprise with title and text as they are; what refuses it is tried again, and what is no
    address is given up; nothing of the address is logged."""
    base = (await hook.start()).removeprefix("http://")
    message = Message(title="A & <b>", text="one *two* <i>\n  three", kinds=("leak",), numbers=(1,), count=1, at=NOW)
    await asyncio.to_thread(apprise.send, f"json://{base}/secret", message)
    told = json.loads(hook.asked[0].body)
    assert (told["title"], told["message"]) == ("A & <b>", "one *two* <i>\n  three")
    hook.answer = lambda request: (500, {}, b"")
    faults = []
    for url in (f"json://{base}/secret", "nothing-such://secret"):
        with pytest.raises(ChannelFault) as fault:
            await asyncio.to_thread(apprise.send, url, message)
        faults.append((fault.value.for_good, "secret" in str(fault.value)))
    assert faults == [(False, False), (True, False)]
    assert "secret" not in "".join(capsys.readouterr())
    await hook.close()


def test_a_fault_of_apprise_says_nothing_of_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a plugin raises is a fault that is tried again, without the words that it came with."""

    def fail(url: str, message: Message) -> tuple[bool, bool]:
        raise RuntimeError(url)

    monkeypatch.setattr(apprise, "installed", lambda: True)
    monkeypatch.setattr(apprise, "_sent", fail)
    message = Message(title="t", text="x", kinds=("leak",), numbers=(1,), count=1, at=NOW)
    with pytest.raises(ChannelFault, match="RuntimeError") as fault:
        apprise.send("ntfy://secret@host", message)
    assert ("secret" in str(fault.value), fault.value.for_good) == (False, False)


def test_a_webhook_in_the_clear_is_refused(directory: Path) -> None:
    """A notice leaves over https, except to this machine."""
    senders = Senders(Notices(webhook_key=f"file:{directory / 'webhook.key'}"), lambda: NOW)
    senders.check(Channel(Way.WEBHOOK, "http://127.0.0.1:9/hook"))
    with pytest.raises(LinkError, match="https"):
        senders.check(Channel(Way.WEBHOOK, "http://127.0.0.1.example.com/hook"))
