"""An exchange to rehearse on: matching engine, wallet and a Binance-compatible REST front.

Inside out: ``amount``, ``symbols``, ``orders``, ``book``, ``stops``, ``filters``, ``ledger``, ``records``, ``lists``
and ``engine`` match orders; ``path``, ``candles``, ``tape`` and ``house`` are the market; ``wallet`` moves money;
``exchange`` joins them. All of it is pure: time is passed in, numbers are counted, chance comes from the seed.
``front`` and its endpoints (``front_*``) speak the venue's language over ``keys``, ``limits`` and ``params``, still
without a socket; ``connection``, ``server``, ``faults`` and ``admin`` are what listens; ``program`` runs it alone.
"""

from bailiwick.sandbox.exchange import Sandbox
from bailiwick.sandbox.limits import Limits
from bailiwick.sandbox.server import Running, serve

__all__ = ["Limits", "Running", "Sandbox", "serve"]
