"""Native keys as the authority has them: decided and recorded here, brought about there, never widened by a rule."""

import contextlib
import zipfile
from typing import Any

import msgspec
import pytest
from authority_house import NOW, House
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from bailiwick.authority.lives import DAY_MS
from bailiwick.authority.native import PENDING_MS, READ_EVERY_MS, RETRY_MS
from bailiwick.authority.native_verbs import IssueNative, ListNatives, MoveNative, RegisterNative, ShowNative
from bailiwick.authority.notice_verbs import EditOwner, NotMe
from bailiwick.authority.partner import Finding
from bailiwick.authority.service_verbs import CompromiseService, RestoreService
from bailiwick.authority.sweep_verbs import Sweep
from bailiwick.authority.verbs import Move, MoveParty
from bailiwick.journal.log import Journal
from bailiwick.journal.record import Act as Record
from bailiwick.journal.record import encode
from bailiwick.journal.retention import Retention
from bailiwick.journal.verify_act import sum_of
from bailiwick.journal.verify_natives import CONFIRMED_VERB
from bailiwick.journal.verify_proof import Proof, Verifier
from bailiwick.link.exchange_questions import Doing, NativeAnswer, NativeCall
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.life import Cause, KeyState
from bailiwick.model.native import MOST_ADDRESSES, NativeTrade, Said, addresses_of
from bailiwick.model.secret import Secret
from bailiwick.rules.idleness import policy

PERSON = "ada (uid 1000)"
KEY = "k" * 64


TOLD = "S" * 64
PLACE = "https://example.com/gist"


class Exchange:
    """Does what the gateway would have done at an exchange, and can be down."""

    def __init__(self, natives: Any) -> None:
        self._natives = natives
        self.said = Said(gone=True)
        self.done: list[Doing] = []
        self.down: Code | None = None
        self.obeys = True
        self.trades: list[NativeTrade] = []

    async def ask(self, question: NativeCall, *, timeout_s: float | None = None) -> Any:
        """Change what it says of the one key."""
        self.done.append(question.doing)
        if self.down is not None:
            raise LinkError(self.down, "the exchange does not answer")
        row = self._natives.get(question.native)
        match question.doing:
            case Doing.CREATE:
                self.said = Said(trade=row.trades, transfer=False, bound=bool(row.addresses), addresses=row.addresses)
                return NativeAnswer(api_key=KEY, secret=None if question.public_key else Secret(TOLD.encode()))
            case Doing.CREATE_WATCH:
                return NativeAnswer(api_key="w" * 64, envelope=b"sealed")
            case Doing.SWITCH:
                trade = self.said.trade if question.trade is None or not self.obeys else question.trade
                self.said = msgspec.structs.replace(self.said, trade=trade, transfer=False, other=())
            case Doing.DELETE:
                self.said = Said(gone=True)
            case Doing.LOOK:
                return NativeAnswer(assets=("AXS", "USDT"))
            case Doing.TRADES:
                found = [each for each in self.trades if each.symbol == question.symbol]
                return NativeAnswer(trades=tuple(each for each in found if each.id > (question.after or -1)))
            case _:
                pass
        return NativeAnswer(said=self.said)


class There:
    """A house with a service that has one address, and an exchange."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.now = NOW
        self.exchange = Exchange(house.store.native)
        desk = house.desk
        self.natives = desk.natives
        self.natives._exchange = self.natives.watch._exchange = self.exchange
        self.natives._clock = self.natives.watch._clock = lambda: self.now

    async def issue(self, **fields: Any) -> Any:
        """A key of the sub-account."""
        given = {"id": "n", "account": "main", "email": "sub@example.com", "service": "bot", "unbound": True, **fields}
        return await self.natives.issue(IssueNative(**given), PERSON)

    async def move(self, to: Move) -> Any:
        """A person's act."""
        return await self.natives.move(MoveNative(id="n", to=to.value, reason="because"), PERSON)

    def row(self) -> Any:
        """The key as the store has it."""
        return self.house.store.native.get("n")

    def acts(self) -> list[str]:
        """What the journal was told of native keys."""
        return [act.act for act in self.house.gateway.acts if act.act.startswith("native.")]


@pytest.fixture
def there(house: House) -> There:
    """The venue, an account, a service, and the exchange."""
    return There(house)


async def test_an_issued_key_is_recorded_before_and_after_and_its_secret_is_told_once(there: There) -> None:
    """Issue: decided, made, watched; each step in the journal; the secret in the answer alone."""
    made = await there.issue()

    assert there.acts() == ["native.issue", "native.issued", "native.watch"]
    assert (made.secret, there.row().state, there.row().watch_key) == (Secret(TOLD.encode()), KeyState.ACTIVE, "w" * 64)
    assert TOLD not in there.house.told()


async def test_a_key_bound_to_nothing_must_be_asked_for(there: There) -> None:
    """A service without networks gets no key that serves from anywhere unless a person says so."""
    with pytest.raises(LinkError, match="--unbound"):
        await there.issue(unbound=False)
    assert there.acts() == []


def test_networks_that_no_exchange_can_bind_are_refused_by_name() -> None:
    """An exchange binds to single addresses: a small network is written out, a large one must be named."""
    assert addresses_of(("203.0.113.4/31",)) == ("203.0.113.4", "203.0.113.5")
    with pytest.raises(ValueError, match=f"more than {MOST_ADDRESSES}"):
        addresses_of(("203.0.113.0/24",))


async def test_a_wind_down_while_the_exchange_is_down_is_done_when_it_is_back(there: There) -> None:
    """The act stands, is shown as not done yet, and is brought about without anybody asking again."""
    await there.issue()
    there.exchange.down = Code.UNCERTAIN
    told = await there.move(Move.WIND_DOWN)
    assert (told.values["state"], "NOT YET AS IT SHALL BE" in told.values["at_exchange"]) == ("winding_down", True)
    assert any("ASKED, NOT CONFIRMED BY THE EXCHANGE" in note for note in told.notes)

    there.exchange.down = None
    await there.natives.settle()

    assert (there.exchange.said.trade, there.row().settled) == (False, True)


async def test_a_rule_narrows_what_was_widened_at_the_exchange_and_tells_the_owner(there: There) -> None:
    """Somebody switches trading on again by hand: within ten minutes it is off, and the owner knows."""
    await there.issue()
    await there.move(Move.WIND_DOWN)
    there.exchange.said = msgspec.structs.replace(there.exchange.said, trade=True, transfer=True)
    there.now += READ_EVERY_MS

    await there.natives.settle()

    assert (there.exchange.said.trade, there.exchange.said.transfer) == (False, False)


async def test_no_round_ever_widens_a_key_at_the_exchange(there: There) -> None:
    """Where the exchange allows less than the authority, that is shown, and left to a person."""
    await there.issue()
    there.exchange.said = msgspec.structs.replace(there.exchange.said, trade=False)
    there.now += READ_EVERY_MS
    await there.natives.settle()
    there.now += READ_EVERY_MS
    await there.natives.settle()

    assert there.exchange.said.trade is False
    shown = await there.natives.show(ShowNative(id="n"), PERSON)
    assert "unfreeze it to switch trading on" in shown.values["at_exchange"]


async def test_a_right_to_transfer_is_taken_away_and_nothing_is_given_with_it(there: There) -> None:
    """An active key whose trading was switched off at the exchange loses a new right, and trades no more for it."""
    await there.issue()
    there.exchange.said = msgspec.structs.replace(there.exchange.said, trade=False, transfer=True)
    there.now += READ_EVERY_MS
    await there.natives.settle()

    assert (there.exchange.said.transfer, there.exchange.said.trade) == (False, False)


async def test_a_rule_cannot_give_a_native_key_back(there: There) -> None:
    """What widens is a person's act: a rule that would unfreeze is refused, and nothing is asked of the exchange."""
    await there.issue()
    await there.move(Move.FREEZE)
    asked = len(there.exchange.done)

    with pytest.raises(LinkError, match="only a signed-in person"):
        await there.natives.bring("n", KeyState.ACTIVE, Cause.OWNER, "rule:anything", "")
    assert len(there.exchange.done) == asked


async def test_a_revoked_key_never_returns(there: There) -> None:
    """Revoked is for ever: neither unfreezing nor winding down leads out of it."""
    await there.issue()
    await there.move(Move.REVOKE)
    for to in (Move.UNFREEZE, Move.WIND_DOWN, Move.FREEZE):
        with pytest.raises(LinkError, match="cannot become"):
            await there.move(to)
    assert there.exchange.said.gone


async def test_a_services_standing_is_followed(there: There) -> None:
    """Suspended, a service loses its native keys by the next round; by the rule's name in the journal."""
    await there.issue()
    await there.house.ask(MoveParty(kind="service", id="bot", to=Move.FREEZE, reason="broken into"))

    await there.natives.settle()

    assert (there.row().state, there.exchange.said.trade) == (KeyState.WINDING_DOWN, False)
    moved = [act for act in there.house.gateway.acts if act.act == "native.winding-down"]
    assert [act.actor for act in moved] == ["rule:standing"]


def acts_of(there: There, verb: str) -> list[dict[str, Any]]:
    """What the journal was told under a verb."""
    return [msgspec.json.decode(act.after) for act in there.house.gateway.acts if act.act == verb]


async def compromise(there: There) -> Any:
    """The act against the service, by a person."""
    return await there.house.ask(CompromiseService(id="bot", reason="it leaks"))


async def test_the_act_against_a_service_names_its_native_keys_and_what_was_read_back(there: There) -> None:
    """The record of the act names them before any exchange is asked; the answer says what was read back since."""
    await there.issue()
    answer = await compromise(there)

    said = acts_of(there, "service.compromise.keys")[0]
    assert (said["natives"]["keys"], said["natives"]["sha256"]) == sum_of(["n"])
    assert said["native_states"]["n"].startswith("active; to be asked, not confirmed")
    assert [(stop.state, stop.confirmed) for stop in answer.natives] == [("winding_down", True)]
    assert [told["state"] for told in acts_of(there, "native.confirmed")] == ["winding_down"]
    assert there.exchange.said.trade is False


async def test_an_owner_of_native_keys_alone_is_told_of_the_act(there: There) -> None:
    """Who has only a native key with the service, stopped already even, hears what happened and what to do."""
    await there.issue()
    await there.natives.move(MoveNative(id="n", to="wind-down", reason="odd"), PERSON)
    answer = await compromise(there)
    await there.house.desk.compromises.finish()
    notices = [each.notice for each in there.house.store.notices.list() if each.notice.kind == "service"]
    assert (answer.accounts, answer.owners, len(notices)) == (1, 1, 1)
    assert "What to do" in notices[0].text
    assert "native keys the exchange is asked" in notices[0].text


async def test_an_exchange_that_is_down_is_said_to_be_asked_and_not_confirmed(there: There) -> None:
    """Nothing is claimed that was not read back: the answer says so, and the record comes when it is true."""
    await there.issue()
    there.exchange.down = Code.UNAVAILABLE
    there.now += 90_000
    answer = await compromise(there)
    assert [(stop.confirmed, stop.read) for stop in answer.natives] == [(False, "1 min ago")]
    assert acts_of(there, "native.confirmed") == []

    there.exchange.down = None
    there.now += RETRY_MS
    await there.natives.settle()
    await there.natives.settle()

    assert len(acts_of(there, "native.confirmed")) == 1


async def test_a_person_gives_a_native_key_back_and_it_stays(there: There) -> None:
    """Restored by name, it trades again although its service is still compromised; the next act stops it again."""
    await there.issue()
    await compromise(there)
    answer = await there.house.ask(RestoreService(id="bot", keys=("n",), reason="it was looked at"))
    await there.natives.settle()
    assert (answer.natives, there.row().state, there.exchange.said.trade) == (("n",), KeyState.ACTIVE, True)

    await compromise(there)
    assert (there.row().state, there.exchange.said.trade) == (KeyState.WINDING_DOWN, False)


async def test_restoring_all_gives_back_what_the_standing_stopped_and_nothing_else(there: There) -> None:
    """A native key that a person froze stays frozen when its service is trusted again."""
    await there.issue()
    await there.issue(id="hers", email="other@example.com")
    await there.natives.move(MoveNative(id="hers", to="freeze", reason="mine"), PERSON)
    await compromise(there)
    answer = await there.house.ask(RestoreService(id="bot", everything=True, reason="all clear"))
    await there.natives.settle()

    assert answer.natives == ("n",)
    assert [(each.id, each.state) for each in there.house.store.native.list()] == [
        ("hers", KeyState.FROZEN), ("n", KeyState.ACTIVE),
    ]  # fmt: skip


async def test_what_could_not_be_switched_on_is_said(there: There) -> None:
    """A restore while the exchange is down says that it was asked and not confirmed; no round switches it on."""
    await there.issue()
    await compromise(there)
    there.exchange.down = Code.UNAVAILABLE
    answer = await there.house.ask(RestoreService(id="bot", keys=("n",), reason="hers"))
    assert any("ASKED, NOT CONFIRMED" in note and "Unfreeze it again" in note for note in answer.notes)


async def test_a_native_key_is_not_unfrozen_past_its_services_standing(there: There) -> None:
    """Unfrozen, it would trade until the next round stopped it: the person is sent to the service instead."""
    await there.issue()
    await compromise(there)
    with pytest.raises(LinkError, match="service restore bot --key n"):
        await there.move(Move.UNFREEZE)
    assert there.exchange.said.trade is False


async def days_later(there: There, days: int) -> None:
    """So many days on, with the trades read and the rounds gone by."""
    there.now += days * DAY_MS
    await there.natives.watch.poll()
    await there.natives.settle()


def notices(there: There) -> list[str]:
    """The titles of what the owner was told."""
    return [each.notice.title for each in there.house.store.notices.list(owner="Ada")]


async def test_an_idle_key_goes_the_way_of_the_configured_policy(there: There) -> None:
    """Thirty days without a trade: warned twice, wound down, frozen a week later, deleted another week later."""
    await there.issue()
    seen = []
    for days in (22, 1, 6, 1, 7, 7):
        await days_later(there, days)
        seen.append((there.row().state, len(notices(there))))
    active, winding = KeyState.ACTIVE, KeyState.WINDING_DOWN
    assert seen == [
        (active, 0), (active, 1), (active, 2), (winding, 3), (KeyState.FROZEN, 4), (KeyState.REVOKED, 5),
    ]  # fmt: skip
    assert there.exchange.said.gone


async def test_another_policy_is_followed(there: There) -> None:
    """As OKX has it, fourteen days; and a policy that only stops never deletes."""
    there.natives.idleness = msgspec.structs.replace(
        there.natives.idleness, trading=policy("stop trading of keys idle 14 days unless bound to networks")
    )
    await there.issue()
    await days_later(there, 14)
    assert there.row().state is KeyState.WINDING_DOWN
    await days_later(there, 400)
    assert there.row().state is KeyState.WINDING_DOWN


async def test_a_key_whose_trades_were_not_read_is_not_called_idle(there: There) -> None:
    """An exchange that was down for a month says nothing of a trade: the key is stopped only after a look."""
    await there.issue()
    there.now += 31 * DAY_MS
    await there.natives.settle()
    assert there.row().state is KeyState.ACTIVE
    await there.natives.watch.poll()
    await there.natives.settle()
    assert there.row().state is KeyState.WINDING_DOWN


async def test_a_person_who_gives_an_idle_key_back_is_believed(there: There) -> None:
    """Unfrozen, it has the whole time again, and is not stopped by the next round."""
    await there.issue()
    await days_later(there, 30)
    await there.move(Move.UNFREEZE)
    await days_later(there, 5)
    assert there.row().state is KeyState.ACTIVE


async def test_a_key_that_nobody_can_see_used_is_told_of_and_kept(there: There) -> None:
    """Reads leave no trace at the exchange: a tax tool is asked about once after 400 days, and never stopped."""
    await there.issue(trades=False)
    await days_later(there, 399)
    assert notices(there) == []
    await days_later(there, 1)
    await days_later(there, 1)
    assert (there.row().state, notices(there)) == (KeyState.ACTIVE, ["Native key n of bot: is it still needed?"])


async def test_a_sweep_counts_native_keys_and_a_dry_one_leaves_them(there: There) -> None:
    """`bailiwick sweep --dry-run` says what would become of them; without it, it does."""
    await there.issue()
    there.now += 30 * DAY_MS
    await there.natives.watch.poll()
    dry = await there.house.ask(Sweep(dry_run=True))
    assert (dry.swept[-1].what, dry.swept[-1].keys, there.row().state) == (
        "wind-down", ("native key n",), KeyState.ACTIVE,
    )  # fmt: skip
    await there.house.ask(Sweep())
    assert there.row().state is KeyState.WINDING_DOWN


async def found(there: There, text: str, sender: str = "GitHub") -> list[str]:
    """A report that holds this."""
    return await there.house.desk.noticing.leaks.take([Finding(token=text, url=PLACE)], sender)


@pytest.mark.parametrize("sender", ["", "GitHub"])
async def test_a_secret_that_was_shown_once_proves_a_leak(there: There, sender: str) -> None:
    """Whoever sends it: trading is switched off at the exchange, an incident is open, and the print alone was kept."""
    await there.issue()
    said = await found(there, f"export BINANCE_SECRET={TOLD}", sender)

    assert (there.row().state, there.row().cause, there.exchange.said.trade) == (
        KeyState.WINDING_DOWN, Cause.LEAK, False,
    )  # fmt: skip
    assert any("incident inc-" in line for line in said)
    assert TOLD not in there.house.told()
    assert notices(there)[0] == "The secret of native key n has leaked"


async def test_a_services_own_private_key_proves_a_leak(there: There) -> None:
    """Where the service brought a public key, the private one proves the leak, though it was never here."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    await there.issue(public_key=public)
    await found(there, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), "")
    assert (there.row().state, there.row().cause) == (KeyState.WINDING_DOWN, Cause.LEAK)


async def test_a_public_half_is_told_and_stops_nothing(there: There) -> None:
    """It stands in headers and logs: a proven sender's report is told once and kept as a prior; nobody's is nothing."""
    await there.issue()
    assert await found(there, f"key={KEY}", "") == []
    await found(there, f"key={KEY}")
    await found(there, f"key={KEY}")

    assert there.row().state is KeyState.ACTIVE
    assert notices(there) == ["The public half of native key n was reported as leaked"]
    shown = await there.natives.show(ShowNative(id="n"), PERSON)
    assert [note.split(" (")[0] for note in shown.notes] == ["its key id was reported as leaked by GitHub"]


async def test_a_public_half_acts_where_the_owner_chose_so(there: There) -> None:
    """An owner who wants a bare id to suffice gets the wind-down, under suspicion."""
    await there.issue()
    await there.house.ask(EditOwner(name="Ada", bare_id_acts=True))
    await found(there, KEY)
    assert (there.row().state, there.row().cause) == (KeyState.WINDING_DOWN, Cause.SUSPICION)


def journalled(there: There, trades: list[str], told: str = "{}") -> list[int]:
    """A journal with records of trades of these native keys; their positions."""
    directory = there.house.config.journal_directory
    with contextlib.closing(
        Journal.open(directory, origin="t", signer=Ed25519PrivateKey.generate(), clock=lambda: NOW * 1000)
    ) as journal:
        return [
            journal.append_now(
                encode(Record(NOW * 1000, "control", "native.trades", each, "", told, "")), retention=Retention.KEEP
            )
            for each in trades
        ]


async def test_not_me_of_a_native_key_switches_it_off_and_disputes_what_was_read(there: There) -> None:
    """The owner's word stops it under suspicion, opens one incident, and disputes its records and no other's."""
    await there.issue()
    first, _ = journalled(there, ["n", "other"])
    answer = await there.house.ask(NotMe(key="n", reason="I slept"))

    assert (there.row().state, there.row().cause, there.exchange.said.trade) == (
        KeyState.WINDING_DOWN, Cause.SUSPICION, False,
    )  # fmt: skip
    assert (answer.kind, answer.positions) == ("not_me", (first,))
    assert there.house.store.incidents.disputes("native/n") == {first: answer.id}
    assert any(title.startswith("Native key n is switched off") for title in notices(there))


TRADE = NativeTrade(
    symbol="AXSUSDT", id=7, order_id=8, side="BUY", price="1.5", quantity="2", quote="3", fee="0", fee_asset="AXS",
    at_ms=NOW,
)  # fmt: skip


async def test_not_me_of_a_native_key_writes_the_file_for_the_exchange(there: There) -> None:
    """The file holds the key, its holder, the trades as they were read, and a proof of each record that checks."""
    made = await there.issue()
    after = msgspec.json.encode({"trades": [msgspec.to_builtins(TRADE)]}).decode()
    first, other = journalled(there, ["n", "other"], after)
    answer = await there.house.ask(NotMe(key="n"))

    assert answer.evidence.endswith("evidence-n.zip")
    with zipfile.ZipFile(answer.evidence) as bundle:
        names = bundle.namelist()
        letter, values = bundle.read("READ-ME-FIRST.txt").decode(), msgspec.json.decode(bundle.read("evidence.json"))
        proof = Proof.parse(bundle.read(f"proofs/record-{first}.tlog-proof").decode())
        proof.check(Verifier.parse(bundle.read("journal-key.txt").decode().strip()))
    assert (proof.position, f"proofs/record-{other}.tlog-proof" in names) == (first, False)
    assert values["native"]["api_key"] == made.values["api_key"]
    assert [each["id"] for row in values["trades"] for each in row["trades"]] == [TRADE.id]
    assert "BUY 2 AXSUSDT at 1.5" in letter
    assert "third party holds and uses directly" in letter


async def test_an_exchange_that_says_yes_and_lets_it_trade_confirms_nothing(there: There) -> None:
    """An order to stop that was answered well counts as done only when what is read back says so."""
    await there.issue()
    there.exchange.obeys = False
    told = await there.move(Move.WIND_DOWN)

    assert (there.row().state, there.row().confirmed, there.row().settled) == (KeyState.WINDING_DOWN, False, False)
    assert CONFIRMED_VERB not in there.acts()
    assert "NOT" in told.values["at_exchange"]
    there.exchange.obeys = True
    there.now += RETRY_MS
    await there.natives.settle()
    assert (there.row().confirmed, there.acts()[-1]) == (True, CONFIRMED_VERB)


async def test_not_me_stops_a_native_key_whatever_the_journal_says(there: There) -> None:
    """Where no journal can be read the key is switched off all the same, and that is said; it never widens one."""
    await there.issue()
    await there.move(Move.FREEZE)
    answer = await there.house.ask(NotMe(key="n"))
    assert (there.row().state, answer.said[0]) == (KeyState.FROZEN, "native key n is frozen already")
    with pytest.raises(LinkError, match="there is none"):
        await there.house.ask(NotMe(key="nobody"))


async def test_a_bound_key_may_lie_idle(there: There) -> None:
    """As the exchanges' own rules have it, an address spares a key."""
    await there.issue(unbound=False, addresses=("203.0.113.7",))
    await days_later(there, 90)
    assert there.row().state is KeyState.ACTIVE


async def test_a_key_whose_making_was_never_answered_is_deleted(there: There) -> None:
    """An uncertain issue leaves a pending row; after two minutes whatever was made of it is deleted by its name."""
    there.exchange.down = Code.UNCERTAIN
    with pytest.raises(LinkError):
        await there.issue()
    assert there.row().state is KeyState.PENDING

    there.exchange.down = None
    there.now += PENDING_MS + 1
    await there.natives.settle()

    assert (there.row().state, there.exchange.done[-1]) == (KeyState.REVOKED, Doing.DELETE)


async def test_an_exchange_that_is_down_is_asked_once_a_minute(there: There) -> None:
    """The round of a second does not hammer an exchange that does not answer."""
    await there.issue()
    there.exchange.down = Code.UNAVAILABLE
    there.now += READ_EVERY_MS
    for _ in range(5):
        await there.natives.settle()
    asked = there.exchange.done.count(Doing.READ)
    there.now += RETRY_MS
    await there.natives.settle()
    assert there.exchange.done.count(Doing.READ) == asked + 1


async def test_a_key_deleted_at_the_exchange_is_revoked_here(there: There) -> None:
    """Its owner deletes it on the exchange's page: it is revoked here too, and no longer asked about."""
    await there.issue()
    there.exchange.said = Said(gone=True)
    there.now += READ_EVERY_MS
    await there.natives.settle()
    assert there.row().state is KeyState.REVOKED


async def test_a_key_that_the_exchange_does_not_list_is_not_registered(there: There) -> None:
    """A mistyped public half is refused, and the row that remains can do nothing."""
    question = RegisterNative(id="n", account="main", email="sub@example.com", service="bot", api_key=KEY)
    with pytest.raises(LinkError, match="no such key"):
        await there.natives.register(question, PERSON)
    assert there.row().state is KeyState.REVOKED


async def test_trades_are_recorded_once_with_what_that_is_worth(there: There) -> None:
    """A thief's symbol is found by the balance it left; the record says that it detects and does not hold."""
    await there.issue()
    there.exchange.trades = [
        NativeTrade(
            symbol="AXSUSDT", id=7, order_id=1, side="BUY", price="20", quantity="5", quote="100", fee="0.1",
            fee_asset="USDT", at_ms=NOW + 5,
        )
    ]  # fmt: skip
    await there.natives.watch.poll()
    await there.natives.watch.poll()

    records = [act for act in there.house.gateway.acts if act.act == "native.trades"]
    assert len(records) == 1
    told = msgspec.json.decode(records[0].after)
    assert (told["trades"][0]["symbol"], told["protection"]) == ("AXSUSDT", "detects, does not hold")
    assert there.row().last_traded == NOW + 5


async def test_wherever_it_is_shown_it_says_that_it_is_not_held(there: There) -> None:
    """The list and the answer to every act say of a native key that it is watched, and held by nothing here."""
    made = await there.issue()
    listed = (await there.natives.list(ListNatives(service="bot"), PERSON)).rows

    assert {made.values["protection"], listed[0]["protection"]} == {"detects, does not hold"}
