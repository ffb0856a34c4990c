"""What is wrong with a text of limits, in our words: the field first, then the remedy."""

import re
import typing
from collections.abc import Iterator
from enum import Enum
from typing import Any, Literal

import msgspec

_MISSING = re.compile(r"Object missing required field `(.*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_WORD = re.compile(r"Invalid enum value (.*)")
_KIND = re.compile(r"Expected `(.*)`, got `(.*)`")
_MOMENT = re.compile(r"Invalid RFC3339 encoded datetime")
_EXAMPLE = "docs/grant.md has an example of every field"

_WRITTEN = {
    "str": "text in quotation marks",
    "int": "a whole number",
    "decimal": "a number",
    "bool": "true or false",
    "array": "a list in [ ]",
    "object": "a table, such as [what]",
    "datetime": "a moment like 2027-01-31T12:00:00Z",
}
_STANDS = _WRITTEN | {"str": "text", "array": "a list", "object": "a table", "datetime": "a moment"}


def complaint(message: str, kind: type[msgspec.Struct]) -> str:
    """A reader's message about a value of this kind, as ``how_much.day_notional: what is wrong; what to write``."""
    said, _, path = message.rpartition(" - at `$")
    if not said:
        said, path = message, ""
    where = path.strip(".`")
    if found := _MISSING.fullmatch(said):
        return f"{_below(where, found[1])}: it is missing; write it, {_EXAMPLE}"
    if found := _UNKNOWN.fullmatch(said):
        fields = ", ".join(sorted(_fields(kind, where)))
        return f"{_below(where, found[1])}: there is no such field; remove it or correct its spelling, known: {fields}"
    if found := _WORD.fullmatch(said):
        return f"{where}: {found[1]} is not a word of it; write {_choices(kind, where)}"
    if found := _KIND.fullmatch(said):
        wanted = " or ".join(_WRITTEN.get(each, each) for each in found[1].split(" | ") if each != "null")
        return f"{where or 'the text'}: {_STANDS.get(found[2], found[2])} stands there; write {wanted}, {_EXAMPLE}"
    if _MOMENT.fullmatch(said):
        return f"{where}: it is not a moment; write it like 2027-01-31T12:00:00Z, without quotation marks"
    if where and ": " in said:  # our own words, from a check of the section
        return f"{where}.{said}"
    return f"{where}: {said}" if where else said


def _below(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _hint(kind: type[msgspec.Struct], where: str) -> Any:
    hint: Any = kind
    for name in re.findall(r"[^.\[\]]+", re.sub(r"\[[^\]]*\]", "", where)):
        structs = [each for each in _inside(hint) if isinstance(each, type) and issubclass(each, msgspec.Struct)]
        if not structs or name not in structs[0].__struct_fields__:
            return kind  # the path was written by whoever wrote the text
        hint = typing.get_type_hints(structs[0])[name]
    return hint


def _inside(hint: Any) -> Iterator[Any]:
    """The types of which a hint is made."""
    inner = typing.get_args(hint)
    if not inner or typing.get_origin(hint) is Literal:
        yield hint
    for each in inner if typing.get_origin(hint) is not Literal else ():
        yield from _inside(each)


def _fields(kind: type[msgspec.Struct], where: str) -> Iterator[str]:
    for each in _inside(_hint(kind, where)):
        if isinstance(each, type) and issubclass(each, msgspec.Struct):
            yield from each.__struct_fields__


def _choices(kind: type[msgspec.Struct], where: str) -> str:
    """What may be written where a word is wrong."""
    words: list[str] = []
    for each in _inside(_hint(kind, where)):
        if isinstance(each, type) and issubclass(each, Enum):
            words += [f'"{member.value}"' for member in each]
        elif typing.get_origin(each) is Literal:
            words += [f'"{word}"' for word in typing.get_args(each)]
        elif each is str:
            words.append("a list of names")
        elif each is int:
            words.append("a whole number")
    return " or ".join(filter(None, (", ".join(words[:-1]), *words[-1:]))) or "what docs/grant.md shows"
