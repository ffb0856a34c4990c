"""What the control process is asked about Bailiwick itself: reasons, presets, a scanner's rule."""

from decimal import Decimal

import msgspec

from bailiwick.link.wire import Answer, Question, Verbs


class ReasonRow(msgspec.Struct, frozen=True, kw_only=True):
    """A reason for a denial: what it means, what its owner can do, and as what the client is told it."""

    reason: str
    sentence: str
    remedy: str
    reaction: str


class ReasonsAnswer(Answer, frozen=True, kw_only=True):
    """Reasons for a denial."""

    rows: tuple[ReasonRow, ...]


class ListReasons(Question[ReasonsAnswer], frozen=True, kw_only=True, tag="list_reasons"):
    """List every reason for a denial with its remedy, or the one of a code."""

    code: str = ""


class PresetsAnswer(Answer, frozen=True, kw_only=True):
    """The kinds of client that there is a grant to begin with for."""

    rows: tuple[str, ...]


class ListPresets(Question[PresetsAnswer], frozen=True, kw_only=True, tag="list_presets"):
    """List the kinds of client that there is a grant to begin with for."""


class TextAnswer(Answer, frozen=True, kw_only=True):
    """A text in TOML."""

    text: str


class PresetGrant(Question[TextAnswer], frozen=True, kw_only=True, tag="preset_grant"):
    """The grant of a preset in TOML, to be edited and then issued. ``budget`` is what it may trade in a day."""

    preset: str
    symbols: tuple[str, ...] = ()
    currency: str = "USDT"
    budget: Decimal = Decimal(0)


class GitleaksRule(Question[TextAnswer], frozen=True, kw_only=True, tag="gitleaks_rule"):
    """A rule for gitleaks that finds Bailiwick's secrets and key ids."""


REFERENCE_VERBS: Verbs = (ListReasons, ListPresets, PresetGrant, GitleaksRule)
"""Everything that is the same in every house."""
