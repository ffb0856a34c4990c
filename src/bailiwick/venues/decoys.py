"""What canaries are answered in a venue's name, and for which dialects it can be made up.

There is one so far; a second turns these names into a choice by the dialect's.
"""

from typing import Final

from bailiwick.venues.binance.decoy import BY_SYMBOL, LONGEST, RECORDED, Asked, Question, answer, record, usage_line

DIALECTS: Final = frozenset({"binance"})

__all__ = ["BY_SYMBOL", "DIALECTS", "LONGEST", "RECORDED", "Asked", "Question", "answer", "record", "usage_line"]
