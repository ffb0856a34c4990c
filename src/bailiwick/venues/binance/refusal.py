"""Denials in Binance's own format: the codes and texts that its clients already know how to survive.

Each names the rule and never a number. The venue's exact text comes first, since clients look for it; the name of the
reason follows in brackets. Clients that look for a text look for it inside of the message. Those that compare a whole
message (ccxt does, and would take "This action is disabled on this account." for an account that is suspended) find
another one here, and go by the code, which is what is meant.
"""

import json
from typing import assert_never

from bailiwick.model.decision import Deny
from bailiwick.model.reason import Reaction, Reason
from bailiwick.model.request import Refusal

_OUTSIDE = "Timestamp for this request is outside of the recvWindow."
_AHEAD = "Timestamp for this request was 1000ms ahead of the server's time."
_MANDATORY = "Mandatory parameter {}was not sent, was empty/null, or malformed."
_ILLEGAL = "Illegal characters found in {}."

# Reasons whose wording at the venue names a parameter, or another of two texts.
_TEXTS: dict[Reason, str] = {
    Reason.SIGNATURE_MISSING: _MANDATORY.format("'signature' "),
    Reason.TIMESTAMP_MISSING: _MANDATORY.format("'timestamp' "),
    Reason.TIMESTAMP_AHEAD: _AHEAD,
    Reason.WINDOW_INVALID: _ILLEGAL.format("parameter 'recvWindow'"),
}


def wording(reason: Reason) -> tuple[int, int, str]:
    """The status, code and text with which the venue would refuse."""
    status, code, text = _reaction(reason.reaction)
    return status, code, _TEXTS.get(reason, text)


def _reaction(reaction: Reaction) -> tuple[int, int, str]:
    match reaction:
        case Reaction.CREDENTIAL:
            return 401, -2015, "Invalid API-key, IP, or permissions for action."
        case Reaction.SIGNATURE:
            return 400, -1022, "Signature for this request is not valid."
        case Reaction.TIME:
            return 400, -1021, _OUTSIDE
        case Reaction.MISSING:
            return 400, -1102, _MANDATORY.format("")
        case Reaction.ILLEGAL:
            return 400, -1100, _ILLEGAL.format("a parameter")
        case Reaction.DUPLICATED:
            return 400, -1101, "Duplicate values for a parameter detected."
        case Reaction.UNREAD:
            return 400, -1104, "Not all sent parameters were read."
        case Reaction.NO_SYMBOL:
            return 400, -1121, "Invalid symbol."
        case Reaction.ORDER:
            return 400, -2010, "This action is disabled on this account."
        case Reaction.SYMBOL:
            return 400, -2010, "This symbol is not permitted for this account."
        case Reaction.DUPLICATE_ORDER:
            return 400, -2010, "Duplicate order sent."
        case Reaction.NO_ORDER:
            return 400, -2013, "Order does not exist."
        case Reaction.CANCEL:
            return 400, -2011, "Unknown order sent."
        case Reaction.RATE:
            return 429, -1003, "Too many requests."
        case Reaction.BUSY:
            return 503, -1008, "Request throttled by system-level protection; it was not executed."
        case Reaction.UNKNOWN_OUTCOME:
            text = "Timeout waiting for response from backend server. Send status unknown; execution status unknown."
            return 503, -1007, text
        case Reaction.FAULT:
            return 400, -1000, "An unknown error occurred while processing the request."
    assert_never(reaction)


def _body(reason: Reason) -> Refusal:
    status, code, text = wording(reason)
    message = json.dumps({"code": code, "msg": f"{text} [bailiwick {reason.told}]"}, separators=(",", ":"))
    return Refusal(status, message.encode())


_REFUSALS: dict[str, Refusal] = {reason.name: _body(reason) for reason in Reason}
_MALFORMED_KEY = Refusal(401, b'{"code":-2014,"msg":"API-key format invalid. [bailiwick KEY_MISSING]"}')


def refuse(deny: Deny) -> Refusal:
    """The answer to whoever sent what is denied. ``detail`` never gets into it."""
    reason = deny.reason
    if reason is Reason.KEY_MISSING:
        return _MALFORMED_KEY
    refusal = _REFUSALS[reason.name]
    if deny.retry_after_s and refusal.status == 429:
        return Refusal(429, refusal.body, deny.retry_after_s)
    return refusal
