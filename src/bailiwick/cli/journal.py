"""``bailiwick journal``: what reads the files, whether or not the gateway runs; and two acts for when it does not."""

import getpass
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import Parameter

from bailiwick.cli.exits import Exit, Stop
from bailiwick.cli.options import COMMON, Common, group
from bailiwick.cli.output import print_json, remark, say
from bailiwick.config import Config
from bailiwick.journal.error import JournalError
from bailiwick.journal.line import line
from bailiwick.journal.reader import Entry, search, tail
from bailiwick.journal.record import decode, named
from bailiwick.journal.verify_proof import ProofError, Verifier
from bailiwick.opening import journal_key

if TYPE_CHECKING:
    from bailiwick.journal.log import Journal

app = group("journal", "The journal: every decision, outcome and act, provable.")


@app.command(help_epilogue="Example: bailiwick journal verify --against /mnt/elsewhere/bailiwick-checkpoints")
def verify(*, against: Path | None = None, key: str = "", common: Common = COMMON) -> int:
    """Read the whole journal and say whether a record was altered, removed, inserted or reordered.

    What was cut off behind the newest checkpoint that anybody has cannot be seen: name a copy with --against.

    Parameters
    ----------
    against: Path
        Checkpoints kept elsewhere: a directory that journal.second_place names, or a file with one.
    key: str
        The journal's public key, NAME+KEYID+BASE64; else it is derived from the signing key.
    """
    from bailiwick.journal.verify import copies  # noqa: PLC0415
    from bailiwick.journal.verify import verify as check  # noqa: PLC0415

    config = common.load()
    verifier = verifier_of_journal(config, key)
    report = check(config.journal_directory, verifier, copies(against, verifier) if against is not None else ())
    if common.json:
        print_json({**_plain(report), "ok": report.ok})
    else:
        say(f"{report.records} records, {report.signed} of them signed; {report.checkpoints} checkpoints agree")
        for fault in report.faults:
            say(f"  {fault}")
        say("nothing is wrong" if report.ok else "the journal is not what was written")
        if against is None:
            remark("note: without --against, nobody can tell whether newer records were cut off")
    return Exit.DONE if report.ok else Exit.FOUND_ERRORS


@app.command(help_epilogue="Example: bailiwick journal prove 1234 > proof.txt")
def prove(
    position: int,
    /,
    *,
    withhold: Annotated[bool, Parameter(negative="")] = False,
    common: Common = COMMON,
) -> None:
    """Print a proof that a record stands in the journal; `python -m bailiwick.journal.verify_proof` checks it offline.

    Parameters
    ----------
    position: int
        Which record.
    withhold: bool
        Prove that it stands there without disclosing it.
    """
    from bailiwick.journal.proof import prove as proven  # noqa: PLC0415

    config = common.load()
    verifier = verifier_of_journal(config)
    try:
        text = proven(config.journal_directory, position, verifier, disclose=not withhold)
    except LookupError as error:
        raise Stop(str(error), Exit.NOT_FOUND) from None
    sys.stdout.write(text)
    remark(f"check it with: python -m bailiwick.journal.verify_proof FILE --key {verifier}")


@app.command(help_epilogue="Example: bailiwick journal verify-act 1234 --directory /media/copy/journal --key KEY")
def verify_act(
    position: int,
    /,
    *,
    directory: Path | None = None,
    key: str = "",
    common: Common = COMMON,
) -> int:
    """Work the act against a compromised service out again, from the journal alone: no database, nobody's word.

    `python -m bailiwick.journal.verify_act` does the same for somebody who has only a copy of the journal.

    Parameters
    ----------
    position: int
        Of the act, as `service compromise` printed it.
    directory: Path
        A copy of the journal; else the one that the configuration names.
    key: str
        The journal's public key, NAME+KEYID+BASE64; else it is derived from the signing key.
    """
    from bailiwick.journal.verify_act import verify_act as worked_out  # noqa: PLC0415

    if directory is not None and key:
        place, verifier = directory, Verifier.parse(key)
    else:
        config = common.load()
        place, verifier = directory or config.journal_directory, verifier_of_journal(config, key)
    try:
        verdict = worked_out(place, position, verifier)
    except LookupError as error:
        raise Stop(str(error), Exit.NOT_FOUND) from None
    if common.json:
        print_json({**_plain(verdict), "proven": verdict.proven})
    else:
        for line_ in verdict.lines():
            say(line_)
    return Exit.DONE if verdict.proven else Exit.FOUND_ERRORS


@app.command(name="tail", help_epilogue="Example: bailiwick journal tail -n 50")
def last(
    *,
    count: Annotated[int, Parameter(name=["--count", "-n"])] = 20,
    common: Common = COMMON,
) -> None:
    """Print the last records, a line each; --json prints everything that stands in them.

    Parameters
    ----------
    count: int
        How many.
    """
    if count < 1:
        raise Stop("-n: how many of the last records; at least 1", Exit.USAGE)
    entries = list(tail(common.load().journal_directory, count))
    for entry in entries:
        _print(entry, json=common.json)
    if not entries:
        remark("none")


@app.command(name="search", help_epilogue="Example: bailiwick journal search --kind intent --text BTCUSDT --json")
def find(
    *,
    kind: str = "",
    key: str = "",
    text: str = "",
    start: int = 0,
    limit: int = 1000,
    common: Common = COMMON,
) -> None:
    """Print the records of a kind, of a key, or with a text in them, a line each; --json prints all of them.

    Parameters
    ----------
    kind: str
        intent, outcome, resolved, read, act, failures, …
    key: str
        A key's id.
    text: str
        Any text, as it stands in the record.
    start: int
        From this position on.
    limit: int
        How many at most.
    """

    def wanted(entry: Entry) -> bool:
        record = entry.record
        if record is None:
            return not (kind or key or text)
        return (
            (not kind or record.startswith(f'["{kind}"'.encode()))
            and (not key or key.encode() in record)
            and (not text or text.encode() in record)
        )

    for count, entry in enumerate(search(common.load().journal_directory, wanted, start)):
        if count == limit:
            remark(f"there are more: --start {entry.position}")
            break
        _print(entry, json=common.json)


@app.command(help_epilogue="Example: bailiwick journal set-back --reason 'it is the copy of last night'")
def set_back(*, reason: str, yes: Annotated[bool, Parameter(negative="")] = False, common: Common = COMMON) -> None:
    """Accept that the journal ends before a checkpoint kept elsewhere. It is recorded, and the gateway must not run.

    Parameters
    ----------
    reason: str
        Why the records between are gone; it is written in the journal.
    yes: bool
        Do it without asking.
    """
    config = common.load()
    _confirm("Records are missing for ever. Accept?", yes=yes)
    position = record_offline(config, "journal.set-back", "journal", reason=reason, accept_behind=True)
    say(f"the journal goes on from record {position}")


@app.command(help_epilogue="Example: bailiwick journal erase 1234 --reason 'asked for by its client'")
def erase(
    position: int, /, *, reason: str, yes: Annotated[bool, Parameter(negative="")] = False, common: Common = COMMON
) -> None:
    """Overwrite what one record says; that it stood there stays provable. The gateway must not run.

    Parameters
    ----------
    position: int
        Which record.
    reason: str
        Why; it is written in the journal.
    yes: bool
        Do it without asking.
    """
    from bailiwick.journal import erasure  # noqa: PLC0415

    config = common.load()
    _confirm(f"Erase record {position} for ever?", yes=yes)
    try:
        with _opened(config) as journal:
            erasure.erase(journal, position, actor=_actor(), reason=reason, now_us=_now_us())
    except LookupError as error:
        raise Stop(str(error), Exit.NOT_FOUND) from None
    say(f"record {position} is erased")


def record_offline(
    config: Config, act: str, subject: str, *, after: str = "", reason: str = "", accept_behind: bool = False
) -> int:
    """Record an act while no gateway runs; its position.

    Raises:
        JournalError: if the gateway runs, or the journal is not as it was signed.
    """
    from bailiwick.journal.record import Act, encode  # noqa: PLC0415

    with _opened(config, accept_behind=accept_behind) as journal:
        return journal.append_now(encode(Act(_now_us(), _actor(), act, subject, after=after, reason=reason)))


def _opened(config: Config, *, accept_behind: bool = False) -> "Journal":
    """The journal, for writing while no gateway does."""
    from bailiwick.journal.log import Journal  # noqa: PLC0415

    return Journal.open(
        config.journal_directory,
        origin=verifier_of_journal(config).name,
        signer=journal_key(config.journal_key),
        clock=_now_us,
        copy_to=config.journal.second_place,
        accept_behind=accept_behind,
    )


def _now_us() -> int:
    return time.time_ns() // 1000


def _actor() -> str:
    return f"{getpass.getuser()} (uid {os.getuid()})"


def _confirm(what: str, *, yes: bool) -> None:
    if not yes and (not sys.stdin.isatty() or input(f"{what} [y/N] ").lower() != "y"):
        raise Stop("nothing was done; say --yes to do it", Exit.USAGE)


def verifier_of_journal(config: Config, key: str = "") -> Verifier:
    """The journal's public key: as given, else of the signing key, which is not in the journal's directory."""
    if key:
        return Verifier.parse(key)
    public = journal_key(config.journal_key).public_key().public_bytes_raw()
    try:
        name = Verifier.parse((config.journal_directory / "verifier").read_text(encoding="utf-8")).name
    except FileNotFoundError:
        raise Stop("journal: there is none yet; `bailiwick up` begins it", Exit.NOT_FOUND) from None
    except (ProofError, UnicodeDecodeError):
        raise JournalError(
            f"{config.journal_directory / 'verifier'}: it holds no key; name the key with --key"
        ) from None
    return Verifier(name, public)


def _print(entry: Entry, *, json: bool) -> None:
    if json:
        sys.stdout.write(msgspec.json.encode(_values(entry)).decode() + "\n")
        return
    try:
        if entry.record is not None:
            say(line(entry.position, decode(entry.record)))
            return
    except ValueError:
        pass  # of a kind that only a newer version knows
    say(" ".join(f"{name}={value!r}" for name, value in _values(entry).items()))


def _values(entry: Entry) -> dict[str, Any]:
    values: dict[str, Any] = {"position": entry.position}
    if entry.record is None:
        return {**values, "kind": "erased or condensed", "sha256": entry.digest.hex()}
    try:
        return values | named(decode(entry.record))
    except ValueError:
        return {**values, "kind": "unknown", "record": entry.record.decode("utf-8", "replace")}


def _plain(report: Any) -> dict[str, Any]:
    from dataclasses import asdict  # noqa: PLC0415

    return asdict(report)


def acts_after(directory: Path, position: int) -> list[tuple[str, str, str]]:
    """Verb, subject and ``after`` of every act from a position on: what a restore must know of."""
    found = search(directory, lambda entry: entry.record is not None and entry.record.startswith(b'["act"'), position)
    acts = [named(decode(entry.record)) for entry in found if entry.record is not None]
    return [(str(act["verb"]), str(act["subject"]), str(act["after"])) for act in acts]
