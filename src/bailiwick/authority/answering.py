"""What answers a question of the control process: it is given the question and who asks."""

from collections.abc import Awaitable, Callable
from typing import Any

from bailiwick.link.wire import Answer

Answering = Callable[[Any, str], Awaitable[Answer]]
