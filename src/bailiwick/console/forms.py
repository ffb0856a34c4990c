"""What a browser sends and is told when somebody signs in, before and beside the verbs of the authority."""

from typing import Any

import msgspec

from bailiwick.model.secret import Secret

Options = dict[str, Any]


class Nothing(msgspec.Struct, frozen=True):
    """Nothing is asked or told."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a passkey is asked to do: ``options`` as ``PublicKeyCredential.parse…OptionsFromJSON`` takes them."""

    challenge: str
    options: Options
    code: bool = False  # whether a code would do as well


class SignedInView(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in, and what a page says beside its cookie when it changes something."""

    name: str
    role: str
    owner: str
    session: str
    csrf: str
    until: str
    codes: bool  # whether they have a password and codes


class Welcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a page asks first, before it asks anything that needs a session."""

    nobody: bool  # whether nobody can sign in yet
    signed_in: bool  # whether somebody is signed in here


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """What a passkey answered, as ``toJSON`` gives it."""

    challenge: str
    credential: Options


class Password(msgspec.Struct, frozen=True, kw_only=True):
    """A name, a password, and the code that the app shows."""

    name: str
    password: Secret
    code: str


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time link: what stands behind the # of its address."""

    link: Secret


class LinkView(msgspec.Struct, frozen=True, kw_only=True):
    """Whose link it is."""

    name: str
    role: str
    owner: str
    expires: str


class Seed(msgspec.Struct, frozen=True, kw_only=True):
    """The seed of somebody's codes, for their app. It is told this once."""

    challenge: str
    seed: str
    uri: str


class LinkCredential(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey that was made by a link, and what it shall be called."""

    link: Secret
    challenge: str
    credential: Options
    label: str = ""


class LinkPassword(msgspec.Struct, frozen=True, kw_only=True):
    """A password that was chosen by a link, and the first code."""

    link: Secret
    challenge: str
    password: Secret
    code: str


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """The act that is asked about: the digest of its method, its address and its body (``again.act_of``)."""

    act: str


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """The second factor once more, for one act: a passkey's answer, or a code."""

    act: str
    challenge: str = ""
    credential: Options | None = None
    code: str = ""


class NewPasskey(msgspec.Struct, frozen=True, kw_only=True):
    """One more passkey."""

    challenge: str
    credential: Options
    label: str = ""


class PasskeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey as it is shown."""

    id: str
    label: str
    site: str
    created: str
    last_used: str | None


class Passkeys(msgspec.Struct, frozen=True, kw_only=True):
    """One's own passkeys."""

    rows: tuple[PasskeyView, ...]


class PasskeyId(msgspec.Struct, frozen=True, kw_only=True):
    """Which passkey."""

    id: str
