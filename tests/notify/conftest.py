"""The house of these tests, and the servers around it."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from notify_house import NotifyHouse
from servers import Bot, Web

from bailiwick.notify.settings import Leaks, Notices
from bailiwick.store.store import Store


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables made, which takes longer than all that a test does with it."""
    path = tmp_path_factory.mktemp("store") / "bailiwick.db"
    Store.open(path).close()
    return path


@pytest.fixture
def directory(tmp_path: Path, empty_store: Path) -> Path:
    """A data directory with an empty database and the secrets of the senders."""
    shutil.copy(empty_store, tmp_path / "bailiwick.db")
    for name, text in (("telegram.token", "42:TOKEN"), ("webhook.key", "the key of all"), ("form.key", "form key")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    return tmp_path


@pytest.fixture
def bot() -> Bot:
    """Telegram's side."""
    return Bot()


@pytest.fixture
async def telegram(bot: Bot) -> AsyncIterator[Web]:
    """A server that is Telegram."""
    served = Web(bot.answer)
    yield served


@pytest.fixture
async def hook() -> AsyncIterator[Web]:
    """A server that receives webhooks, or publishes keys."""
    yield Web()


@pytest.fixture
async def house(directory: Path, telegram: Web, hook: Web) -> AsyncIterator[NotifyHouse]:
    """A house with a key's parties, whose senders reach the servers of the test."""
    api, base = await telegram.start(), await hook.start()
    notices = Notices(
        telegram_token=f"file:{directory / 'telegram.token'}",
        telegram_api=api,
        webhook_key=f"file:{directory / 'webhook.key'}",
        page="https://bailiwick.example.com",
    )
    leaks = Leaks(github_keys=f"{base}/meta/public_keys/secret_scanning", form_key=f"file:{directory / 'form.key'}")
    made = NotifyHouse(directory, notices, leaks)
    made.hook_base = base  # type: ignore[attr-defined]  # where the test's webhooks go
    await made.settle()
    yield made
    made.close()
    await telegram.close()
    await hook.close()
