"""The rows of the table that pages ask: nothing of it changes anything."""

import msgspec

from bailiwick.api.row import ANYONE, HOUSE, Row
from bailiwick.api.whose import Ask, check, of_account, of_key
from bailiwick.authority import looking_verbs as looking
from bailiwick.link.wire import Answer
from bailiwick.model.token import Subject
from bailiwick.store.store import Store


async def own_money(question: looking.MoneyAtRisk, owner: str, store: Store, ask: Ask) -> Answer:
    """What an owner's own keys could lose."""
    if question.account:
        check(of_account("account"), question, store, owner)
    if question.key:
        check(of_key("key"), question, store, owner)
    found: looking.MoneyAnswer = await ask(msgspec.structs.replace(question, owner=owner))
    return found


LOOKING: tuple[Row, ...] = (
    Row(
        verb=looking.SearchRecords, method="GET", path="/search/journal", subject=Subject.JOURNAL, roles=HOUSE,
    ),
    Row(verb=looking.VerifyJournal, method="POST", path="/journal/verification", subject=Subject.JOURNAL, roles=HOUSE),
    Row(
        verb=looking.ShowVerification, method="GET", path="/journal/verification", subject=Subject.JOURNAL,
        roles=HOUSE,
    ),
    Row(
        verb=looking.UseOverTime, method="GET", path="/keys/{key}/past", subject=Subject.KEY, roles=ANYONE,
        whose=of_key("key"),
    ),
    Row(
        verb=looking.MoneyAtRisk, method="GET", path="/money-at-risk", subject=Subject.KEY, roles=ANYONE,
        narrowed=own_money,
    ),
    Row(
        verb=looking.ShowCompromise, method="GET", path="/services/{id}/compromise", subject=Subject.SERVICE,
        roles=HOUSE,
    ),
)  # fmt: skip
