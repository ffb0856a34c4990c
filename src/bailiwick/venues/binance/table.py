"""The tables that lie beside this module: what Binance publishes of its endpoints, one row each."""

from collections.abc import Iterator
from importlib.resources import files


def rows(name: str) -> Iterator[list[str]]:
    """The rows of a table, without its heading."""
    lines = files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines()
    return (line.split("\t") for line in lines[1:])
