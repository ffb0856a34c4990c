"""An exchange to rehearse on: matching engine, wallet and a Binance-compatible REST front."""

from bailiwick.sandbox.exchange import Sandbox
from bailiwick.sandbox.limits import Limits
from bailiwick.sandbox.server import Running, serve

__all__ = ["Limits", "Running", "Sandbox", "serve"]
