"""Where notices leave from: the ``[notices]`` and ``[leaks]`` sections of the configuration.

A secret is named and never written here: ``file:PATH`` (mode 0600), ``env:NAME``, or ``credential:NAME`` for one of
systemd's. They are not in the vault, since the control process sends notices and can open nothing there (ADR 17).
"""

import os
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from bailiwick.files import UnfitFile, read_private
from bailiwick.model.secret import Secret

MOST_SECRET_BYTES = 4096
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class SourceError(ValueError):
    """A secret cannot be had from where the configuration says; the message names the setting and the remedy."""


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Notices(_Section, frozen=True, kw_only=True):
    """The senders of notices. What is not named is not used.

    ``page`` is the address, as owners reach it, under which the control API shows the page behind a link; without it
    there are no links, and notices name the command instead.
    """

    telegram_token: str = ""
    telegram_api: str = "https://api.telegram.org"
    smtp_host: str = ""
    smtp_port: Annotated[int, Meta(ge=1, le=65535)] = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_from: str = ""
    smtp_ca_file: Path | None = None
    webhook_key: str = ""
    webhook_ca_file: Path | None = None
    page: str = ""

    def __post_init__(self) -> None:
        for name in ("telegram_token", "smtp_password", "webhook_key"):
            check_source(name, getattr(self, name))
        check_address("telegram_api", self.telegram_api)
        if self.page:
            check_address("page", self.page)
        if self.smtp_host and "@" not in self.smtp_from:
            raise ValueError("smtp_from: name the sender's address, such as bailiwick@example.com")
        if self.smtp_security == "none" and self.smtp_host and self.smtp_host not in LOOPBACK:
            raise ValueError("smtp_security: starttls or tls; none is for a server on this machine alone")
        if bool(self.smtp_user) != bool(self.smtp_password):
            raise ValueError("smtp_user and smtp_password: name both or neither")


class Leaks(_Section, frozen=True, kw_only=True):
    """Who may report leaks, and how many reports are looked at in a minute.

    ``github_keys`` is where GitHub publishes the keys that sign its reports; ``form_key`` the secret that others sign
    theirs with.
    """

    github_keys: str = "https://api.github.com/meta/public_keys/secret_scanning"
    github_ca_file: Path | None = None
    form_key: str = ""
    per_minute: Annotated[int, Meta(ge=1, le=100_000)] = 600

    def __post_init__(self) -> None:
        check_source("form_key", self.form_key)
        check_address("github_keys", self.github_keys)


def placed_notices(settings: Notices, place: Callable[[Path], Path]) -> Notices:
    """The same with every path absolute."""
    return msgspec.structs.replace(
        settings,
        telegram_token=_placed(settings.telegram_token, place),
        smtp_password=_placed(settings.smtp_password, place),
        webhook_key=_placed(settings.webhook_key, place),
        smtp_ca_file=settings.smtp_ca_file and place(settings.smtp_ca_file),
        webhook_ca_file=settings.webhook_ca_file and place(settings.webhook_ca_file),
    )


def placed_leaks(settings: Leaks, place: Callable[[Path], Path]) -> Leaks:
    """The same with every path absolute."""
    return msgspec.structs.replace(
        settings,
        form_key=_placed(settings.form_key, place),
        github_ca_file=settings.github_ca_file and place(settings.github_ca_file),
    )


def _placed(source: str, place: Callable[[Path], Path]) -> str:
    kind, _, rest = source.partition(":")
    return f"file:{place(Path(rest))}" if kind == "file" else source


def check_source(field: str, source: str) -> None:
    """Refuse a secret that is written out, and a source that is none.

    Raises:
        ValueError: naming the field.
    """
    if not source:
        return
    kind, _, rest = source.partition(":")
    if kind not in {"file", "env", "credential"} or not rest or (kind == "credential" and "/" in rest):
        raise ValueError(f"{field}: write where it is, as file:PATH, env:NAME or credential:NAME, and not the secret")


def check_address(field: str, url: str) -> None:
    """Let a secret go out encrypted, or stay on this machine.

    Raises:
        ValueError: naming the field.
    """
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and parts.hostname in LOOPBACK:
        return
    raise ValueError(f"{field}: write it as https://example.com; http is for this machine alone")


def read_source(field: str, source: str, environment: MutableMapping[str, str] = os.environ) -> Secret | None:
    """The secret that a source names; None where none is named.

    Raises:
        SourceError: if it is not there, or others may read it.
    """
    if not source:
        return None
    kind, _, rest = source.partition(":")
    if kind == "env":
        text = environment.get(rest, "")
        if not text:
            raise SourceError(f"{field}: the environment has no {rest}; set it, or name a file")
        return Secret(text.strip().encode())
    try:
        if kind == "credential":
            directory = environment.get("CREDENTIALS_DIRECTORY", "")
            if not directory:
                raise SourceError(
                    f"{field}: no CREDENTIALS_DIRECTORY; start under systemd with LoadCredential={rest}:…"
                )
            raw = read_private(Path(directory) / rest, MOST_SECRET_BYTES, others=0o007, owned=False)
        else:
            raw = read_private(Path(rest), MOST_SECRET_BYTES)
    except UnfitFile as error:
        raise SourceError(f"{field}: {rest}: {error}") from None
    if not raw.strip():
        raise SourceError(f"{field}: {rest} is empty")
    return Secret(raw.strip())
