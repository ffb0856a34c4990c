"""One account with many keys that plays the crowd: against others' honest keys, or as an excuse for a theft."""

from watch_ground import MINUTE, SECOND, Desk, holder, order

from bailiwick.watch.signal import Measure

BAD = {"worth": 20_000.0, "near": 1500.0}


def strange(desk: Desk, accounts: int, keys: int = 40) -> list[str]:
    """Keys of one service, of so many accounts, that order what no honest key would; gives how they were answered."""
    answers = []
    for place in range(keys):
        desk.now += SECOND
        mine = holder(f"m{place}", account=f"m-account-{place % accounts}")
        answers.append(desk.tell(order("SYSUSDT", holder=mine, **BAD)).measure.name)
    return answers


def victim(desk: Desk) -> tuple[int, list[str]]:
    """What is said of an honest customer's new coin after that."""
    verdict = desk.tell(order("SYSUSDT", worth=150.0, holder=holder("honest"), near=0.0))
    return verdict.score, [signal.detector for signal in verdict.signals]


def settled() -> Desk:
    desk = Desk()
    desk.live(holder("honest"), 6, "BTCUSDT", "ETHUSDT")
    desk.now += MINUTE
    return desk


def test_one_customer_makes_no_crowd() -> None:
    """However many keys of his own one customer has held, another customer's order is judged as without them."""
    alone, beside = settled(), settled()
    assert set(strange(beside, accounts=1)) <= {"HOLD", "WIND_DOWN"}
    assert victim(beside) == victim(alone)


def test_many_customers_make_one() -> None:
    """The same from many accounts speaks against the service, as it should."""
    alone, beside = settled(), settled()
    strange(beside, accounts=20)
    assert victim(beside)[0] > victim(alone)[0]


def test_a_thief_makes_no_coin_popular() -> None:
    """Cheap fair orders by hundreds of keys of his own account excuse no theft more than one of them would."""
    scores = []
    for keys in (1, 100):
        desk = settled()
        for place in range(keys):
            desk.now += SECOND
            own = holder(f"t{place}", service=f"service {place % 7}", account="thief")
            desk.tell(order("SYSUSDT", holder=own, worth=5.0, near=0.0))
        verdict = desk.tell(order("SYSUSDT", holder=holder("honest"), worth=5_000.0, near=300.0))
        scores.append((verdict.measure >= Measure.HOLD, verdict.score))
    assert (scores[0][0], scores[1]) == (True, scores[0])


def test_a_flood_of_keys_evicts_no_evidence() -> None:
    """What was held of others in the hour is still known after one account has had hundreds of orders held."""
    desk = settled()
    strange(desk, accounts=10, keys=10)
    before = victim(desk)
    for place in range(300):
        own = holder(f"flood{place}", account="flood")
        desk.tell(order("SYSUSDT", holder=own, **BAD))
    held = desk.state.pool("svc").held
    assert (len(held), set(before[1]) & {"service-suspect"}) == (11, {"service-suspect"})
