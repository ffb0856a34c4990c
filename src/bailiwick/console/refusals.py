"""What the door says where it does not open: a status of HTTP and a sentence, with nothing in it of what was sent."""


class Refused(Exception):
    """A request of a browser is refused: the status, what is wrong, and what to do."""

    def __init__(self, status: int, detail: str, remedy: str = "", *, wait_s: int = 0) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.remedy = remedy
        self.wait_s = wait_s


NOT_LET_IN = "sign-in: this is not somebody who may sign in"
ASK_AGAIN = "This act can widen what somebody may do, so it asks once more who you are"


def not_let_in() -> Refused:
    """The one refusal of whoever is not let in, whatever was wrong."""
    return Refused(401, NOT_LET_IN, "try again, or make a new way in with `bailiwick console link` on the server")


def ask_again() -> Refused:
    """The second factor is asked for again."""
    return Refused(428, f"again: {ASK_AGAIN}", "confirm with your passkey or a code, then send the request again")
