"""Answers what is the same in every house: the reasons for a denial, the presets, a rule for a scanner."""

from typing import Any

from bailiwick.authority.answering import Answering
from bailiwick.authority.reference_verbs import (
    GitleaksRule,
    ListPresets,
    ListReasons,
    PresetGrant,
    PresetsAnswer,
    ReasonRow,
    ReasonsAnswer,
    TextAnswer,
)
from bailiwick.link.wire import Code, LinkError, Question
from bailiwick.model.grant import grant_to_toml
from bailiwick.model.leaked import gitleaks_rule
from bailiwick.model.reason import Reason
from bailiwick.rules.presets import PRESETS, preset


async def reasons(question: ListReasons, actor: str) -> ReasonsAnswer:
    """Every reason, or one."""
    code = question.code.strip().upper()
    found = [reason for reason in Reason if code in {"", reason.name}]
    if not found:
        raise LinkError(Code.NOT_FOUND, "code: there is no such reason; without one all are listed")
    return ReasonsAnswer(
        rows=tuple(
            ReasonRow(
                reason=reason.name, sentence=reason.sentence, remedy=reason.remedy, reaction=reason.reaction.value
            )
            for reason in found
        )
    )


async def presets(question: ListPresets, actor: str) -> PresetsAnswer:
    """The names of the presets."""
    return PresetsAnswer(rows=tuple(PRESETS))


async def preset_grant(question: PresetGrant, actor: str) -> TextAnswer:
    """A preset's grant.

    Raises:
        ValueError: if there is no such preset, or it needs what was not given.
    """
    return TextAnswer(text=grant_to_toml(preset(question.preset, question.symbols, question.currency, question.budget)))


async def gitleaks(question: GitleaksRule, actor: str) -> TextAnswer:
    """The rule."""
    return TextAnswer(text=gitleaks_rule())


REFERENCE: dict[type[Question[Any]], Answering] = {
    ListReasons: reasons,
    ListPresets: presets,
    PresetGrant: preset_grant,
    GitleaksRule: gitleaks,
}
"""One answer for each verb of this subject."""
