"""``bailiwick account``: accounts at exchanges, with their sealed credentials."""

from dataclasses import dataclass

from cyclopts import Parameter
from msgspec import UNSET

from bailiwick.authority.verbs import AddAccount, EditAccount, Kind, Move, NewCredential, RotateAccount
from bailiwick.cli.acting import add_moves, add_views, carry_out
from bailiwick.cli.asking import read_secret, read_text
from bailiwick.cli.exits import Exit, Stop
from bailiwick.cli.options import ACTING, COMMON, Acting, Common, InputFile, group
from bailiwick.cli.output import print_act
from bailiwick.model.secret import Secret

app = group("account", "Accounts at exchanges, with the credential that acts for each, sealed.")


@Parameter(name="*")
@dataclass(frozen=True)
class Given:
    """The account's own key at the exchange. Its secret is never an argument.

    Attributes
    ----------
    api_key: str
        The public half, as the exchange shows it.
    secret_env: str
        The environment variable that holds the secret.
    secret_file: Path
        The file (- for standard input) that holds the secret, or a private key in PEM.
    password_env: str
        The environment variable that holds the password of an encrypted PEM.
    """

    api_key: str = ""
    secret_env: str = ""
    secret_file: InputFile = None
    password_env: str = ""

    def read(self) -> NewCredential | None:
        """The credential; asks for the secret where no place is named."""
        if not self.api_key:
            if self.secret_env or self.secret_file is not None:
                raise Stop("--api-key: name the public half that belongs to this secret", Exit.USAGE)
            return None
        secret = read_secret(
            "secret",
            variable=self.secret_env,
            file=self.secret_file,
            instead="name where it stands with --secret-env NAME or --secret-file FILE (- for standard input)",
        )
        password: Secret | None = None
        if self.password_env:
            password = read_secret("password", variable=self.password_env)
        return NewCredential(api_key=self.api_key, secret=secret, password=password)


NOTHING_GIVEN = Given()


@app.command(
    help_epilogue="Example: bailiwick account add main --venue binance --owner Ada --api-key abc --secret-env KEY"
)
def add(
    id: str,
    /,
    *,
    venue: str,
    owner: str,
    name: str = "",
    limits: InputFile = None,
    local_address: str = "",
    home_asset: tuple[str, ...] = (),
    given: Given = NOTHING_GIVEN,
    reason: str = "",
    common: Common = COMMON,
) -> None:
    """Add an account, and seal its credential. Without --secret-env or --secret-file the secret is asked for.

    Parameters
    ----------
    id: str
        A short name for it: lower-case letters, digits, - and _.
    venue: str
        The exchange; see `bailiwick venue list`.
    owner: str
        Whose account it is.
    name: str
        Its name for people; the id, if it is left out.
    limits: Path
        A file (- for standard input) with limits that narrow all its keys, in TOML as docs/grant.md has it.
    local_address: str
        The address of this machine that its requests leave from.
    home_asset: tuple[str, ...]
        What its owner counts in; may be given several times.
    reason: str
        Why; it is written in the journal.
    """
    question = AddAccount(
        id=id,
        venue=venue,
        owner=owner,
        name=name or id,
        credential=given.read(),
        limits=read_text("limits", limits),
        local_address=local_address,
        home_assets=home_asset,
        reason=reason,
    )
    print_act(common.ask(question), json=common.json, what=f"account {id} added")
    if question.credential is not None:
        from bailiwick.cli.audit import warn  # noqa: PLC0415

        warn(common, id)


@app.command(help_epilogue="Example: bailiwick account edit main --limits limits.toml")
def edit(
    id: str,
    /,
    *,
    name: str | None = None,
    owner: str | None = None,
    limits: InputFile = None,
    local_address: str | None = None,
    home_asset: tuple[str, ...] | None = None,
    acting: Acting = ACTING,
    common: Common = COMMON,
) -> None:
    """Change what is said of an account; shows the difference first. Its venue is its own for life.

    Parameters
    ----------
    id: str
        Which one.
    name: str
        Its name for people.
    owner: str
        Whose account it is.
    limits: Path
        A file (- for standard input) with its limits; an empty one takes them away.
    local_address: str
        The address of this machine that its requests leave from; "" for any.
    home_asset: tuple[str, ...]
        What its owner counts in; they replace those that stand there.
    """
    question = EditAccount(
        id=id,
        name=UNSET if name is None else name,
        owner=UNSET if owner is None else owner,
        limits=UNSET if limits is None else read_text("limits", limits),
        local_address=UNSET if local_address is None else local_address,
        home_assets=UNSET if home_asset is None else home_asset,
        reason=acting.reason,
    )
    carry_out(question, f"account {id} edited", acting, common)


@app.command(help_epilogue="Example: bailiwick account rotate main --api-key abc --secret-file key.pem")
def rotate(
    id: str,
    /,
    *,
    given: Given = NOTHING_GIVEN,
    acting: Acting = ACTING,
    common: Common = COMMON,
) -> None:
    """Put another credential in the place of an account's own. Delete the old one at the exchange afterwards.

    Parameters
    ----------
    id: str
        Which one.
    """
    credential = given.read()
    if credential is None:
        raise Stop("--api-key: name the public half of the new credential", Exit.USAGE)
    question = RotateAccount(id=id, credential=credential, reason=acting.reason)
    carry_out(question, f"account {id} rotated", acting, common)


add_views(app, Kind.ACCOUNT)
add_moves(app, Kind.ACCOUNT, Move.FREEZE, Move.UNFREEZE, Move.WIND_DOWN, Move.REVOKE)
