"""Words for people that depend on a number."""


def counted(number: int, noun: str) -> str:
    """A number with its noun, such as ``1 key`` and ``2 keys``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
