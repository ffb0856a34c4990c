"""A notice that could not leave."""


class ChannelFault(Exception):
    """Why a message did not leave. Its words hold no secret: neither a token nor an address with one in it.

    Attributes:
        for_good: trying again is of no use.
        after_s: when the other side wants to be asked again; 0 where it did not say.
    """

    def __init__(self, sentence: str, *, for_good: bool = False, after_s: float = 0.0) -> None:
        super().__init__(sentence)
        self.for_good = for_good
        self.after_s = after_s
