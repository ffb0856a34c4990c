"""Typed models for the questions and answers of the verbs, made from their own declarations.

The verbs are declared once, for the socket; these are the same fields with the constraints that a public side needs:
unknown names refused, texts and lists bounded, money as finite decimals. What a model accepts is converted to the verb
and checked again by it.
"""

import types
import typing
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Annotated, Any, Union

import msgspec
from msgspec import NODEFAULT, UNSET, UnsetType
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, create_model

from bailiwick.link.wire import Question, decode_secret
from bailiwick.model.secret import Secret

MOST_TEXT = 65_536
MOST_LISTED = 10_000
WHOLE = 2**53 - 1  # what every reader of JSON keeps exactly

_Text = Annotated[str, StringConstraints(max_length=MOST_TEXT)]
_Number = Annotated[int, Field(ge=-WHOLE, le=WHOLE)]
_Money = Annotated[Decimal, Field(max_digits=30, decimal_places=18, allow_inf_nan=False)]
_Bytes = Annotated[str, StringConstraints(max_length=MOST_TEXT), AfterValidator(lambda text: text.encode())]
_Secret = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MOST_TEXT),
    AfterValidator(lambda text: Secret(text.encode())),
    Field(json_schema_extra={"format": "password", "writeOnly": True}),
]
_ASKED: Mapping[Any, Any] = {str: _Text, int: _Number, Decimal: _Money, bytes: _Bytes, Secret: _Secret}
_TOLD: Mapping[Any, Any] = {bytes: str, Secret: str, Any: Any}


@cache
def asked(verb: type[msgspec.Struct], given: frozenset[str] = frozenset()) -> type[BaseModel]:
    """The model of what is asked for, but for the fields that come otherwise."""
    return _model(verb, _ASKED, given, "forbid")


@cache
def told(answer: type[msgspec.Struct]) -> type[BaseModel]:
    """The model of an answer."""
    return _model(answer, _TOLD, frozenset(), "ignore")


def question(verb: type[Question[Any]], form: BaseModel | None, given: Mapping[str, Any]) -> Question[Any]:
    """The verb, out of what was sent and what the route gives.

    Raises:
        ValueError: if the verb refuses it, naming the field.
    """
    values = {**(_sent(form) if form is not None else {}), **given, "verb": verb.__struct_config__.tag}
    try:
        made: Question[Any] = msgspec.convert(values, verb, dec_hook=_secret, builtin_types=(bytes, Decimal))
    except msgspec.ValidationError as error:
        complaint, _, where = str(error).rpartition(" - at `$")
        raise ValueError(f"{where.strip('.`') or 'body'}: {complaint or error}; correct it") from None
    return made


def encode(answer: msgspec.Struct) -> bytes:
    """An answer as JSON. A secret that was issued stands in it: that is the one time it is told."""
    return msgspec.json.encode(answer, enc_hook=_reveal)


def _sent(form: BaseModel) -> dict[str, Any]:
    """What was really sent: what is left out of an edit stays as it is."""
    return {name: _plain(getattr(form, name)) for name in form.model_fields_set}


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _sent(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.value if isinstance(value, Enum) else value


def _model(
    struct: type[msgspec.Struct], kinds: Mapping[Any, Any], given: frozenset[str], extra: str
) -> type[BaseModel]:
    hints = typing.get_type_hints(struct, include_extras=True)
    fields: dict[str, Any] = {}
    for field in msgspec.structs.fields(struct):
        if field.name not in given:
            fields[field.name] = (_kind(hints[field.name], kinds), _default(field))
    name = struct.__name__ + ("Body" if kinds is _ASKED else "")
    config = ConfigDict(extra="forbid" if extra == "forbid" else "ignore", hide_input_in_errors=True)
    made: type[BaseModel] = create_model(name, __config__=config, __doc__=struct.__doc__, **fields)
    return made


def _default(field: Any) -> Any:
    if field.default is UNSET:
        return Field(default=None)
    if field.default is not NODEFAULT:
        return Field(default=list(field.default) if isinstance(field.default, tuple) else field.default)
    if field.default_factory is not NODEFAULT:
        return Field(default_factory=field.default_factory)
    return Field()


def _kind(hint: Any, kinds: Mapping[Any, Any]) -> Any:
    """The type of a field as a model has it."""
    if hint in kinds:
        return kinds[hint]
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in {Union, types.UnionType}:
        members = tuple(_kind(each, kinds) for each in inner if each is not UnsetType)
        return Union[members]  # noqa: UP007  (made at run time)
    if origin in {tuple, list, frozenset, set}:
        return _listed(inner, kinds)
    if origin is dict:
        return dict[inner[0], _kind(inner[1], kinds)]  # type: ignore[valid-type,misc]  # made at run time
    if origin is Annotated:
        return _kind(inner[0], kinds)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return asked(hint) if kinds is _ASKED else told(hint)
    return hint


def _listed(inner: tuple[Any, ...], kinds: Mapping[Any, Any]) -> Any:
    if len(inner) == 2 and inner[1] is not Ellipsis:  # a pair, such as an address
        return Annotated[list[Any], Field(min_length=2, max_length=2)]
    made = list[_kind(inner[0], kinds)]  # type: ignore[misc,valid-type]  # made at run time
    return Annotated[made, Field(max_length=MOST_LISTED)] if kinds is _ASKED else made


def _secret(kind: type, value: object) -> object:
    return value if isinstance(value, Secret) else decode_secret(kind, value)


def _reveal(value: object) -> object:
    if isinstance(value, Secret):
        return value.reveal().decode()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
