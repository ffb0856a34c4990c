"""One exchange and one gateway for a test process; what upsets either gets a pair of its own."""

import os
from collections.abc import Callable, Iterator

import pytest
from grants import BOT
from house import Exchange, House

from bailiwick.demo.environment import Unavailable, python_of
from bailiwick.model.secret import Secret


@pytest.fixture(scope="session")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """The sandbox exchange."""
    found = Exchange(tmp_path_factory.mktemp("exchange"))
    yield found
    found.process.stop()


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, exchange: Exchange) -> Iterator[House]:
    """A gateway that serves."""
    made = House(tmp_path_factory.mktemp("house"), exchange)
    made.issue(BOT)  # what grants name has prices when the gateway serves
    made.start()
    yield made
    made.close()


@pytest.fixture(scope="session")
def engine_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A gateway before an exchange's own engine, which trusts its header and wants no second signature."""
    directory, secret = tmp_path_factory.mktemp("engine"), os.urandom(32).hex()
    (directory / "engine.secret").write_text(secret)
    exchange = Exchange(directory, "--trusted-secret-file", str(directory / "engine.secret"))
    made = House(directory / "house", exchange, trusted=Secret(secret.encode()))
    made.issue(BOT)
    made.start()
    yield made
    made.close()
    exchange.process.stop()


@pytest.fixture(scope="session")
def client_of() -> Callable[[str], str]:
    """Makes sure that a client is there; its name. The test is skipped where its packages cannot be had."""

    def found(name: str) -> str:
        try:
            python_of(name)
        except Unavailable as error:
            pytest.skip(f"{name} cannot be installed here: {error}")
        return name

    return found
