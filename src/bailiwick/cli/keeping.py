"""``bailiwick backup`` and ``restore``."""

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bailiwick.authority.acts import standing, states_after
from bailiwick.authority.parties import HELD
from bailiwick.authority.verbs import MakeBackup
from bailiwick.cli.asking import read_secret
from bailiwick.cli.exits import Exit, Stop
from bailiwick.cli.journal import acts_after, record_offline, verifier_of_journal
from bailiwick.cli.options import COMMON, LONG_S, Common, InputFile
from bailiwick.cli.output import print_json, say
from bailiwick.config import Config
from bailiwick.journal.reader import size
from bailiwick.journal.verify import copies
from bailiwick.link.client import Client
from bailiwick.link.questions import Health
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.party import KeyState
from bailiwick.model.secret import Secret
from bailiwick.opening import root_of
from bailiwick.store.backup import read_head
from bailiwick.store.backup import restore as restored
from bailiwick.store.store import Store, epoch_ms
from bailiwick.vault.keyringfile import open_keyring, read_keyring_file
from bailiwick.vault.vault import Vault
from bailiwick.words import counted

FROM_FILE = "name its file with --passphrase-file FILE (- for standard input)"


def backup(
    path: Path,
    /,
    *,
    passphrase: Annotated[bool, Parameter(negative="")] = False,
    passphrase_file: InputFile = None,
    common: Common = COMMON,
) -> None:
    """Write a sealed copy of the store to a file that does not exist yet, while everything runs.

    Example: bailiwick backup /mnt/elsewhere/bailiwick-2027-01-31.backup

    By default the vault seals it, and it opens with the keyring and the vault key, which are not in it. The journal is
    not in it either: copy its directory too, since a restore reads there what was revoked after the backup.

    Parameters
    ----------
    path: Path
        The file to make.
    passphrase: bool
        Seal it with a passphrase of its own instead.
    passphrase_file: Path
        A file (- for standard input) with the passphrase.
    """
    secret: Secret | None = None
    if passphrase or passphrase_file is not None:
        secret = read_secret("passphrase of the backup", file=passphrase_file, confirm=True, instead=FROM_FILE)
    answer = common.ask(MakeBackup(path=str(path.absolute()), passphrase=secret), timeout_s=LONG_S)
    if common.json:
        print_json(answer)
        return
    say(f"{answer.path}: {answer.bytes} bytes, consistent with journal position {answer.position}")
    say("Keep it apart from the keyring and the vault key, and copy the journal's directory beside it.")


def restore(
    path: Path,
    /,
    *,
    passphrase_file: InputFile = None,
    accept_shorter_journal: Annotated[bool, Parameter(negative="")] = False,
    common: Common = COMMON,
) -> int:
    """Make the store of a backup, with what the journal says was revoked since. Nothing must be running.

    Example: bailiwick restore /mnt/elsewhere/bailiwick-2027-01-31.backup

    Put configuration, keyring, vault key and the journal's directory in their places first. If there is a store, move
    it away.

    Parameters
    ----------
    path: Path
        The backup.
    passphrase_file: Path
        For a backup with a passphrase of its own: a file (- for standard input) with it; else it is asked for.
    accept_shorter_journal: bool
        Your word that the journal is to be believed although records are missing from its end. Every key that was in
        force then comes back frozen and every token revoked, since their revocation may be among them.
    """
    config = common.load()
    _check_nothing_runs(config)
    head = read_head(path)
    by = _opener(config, head.kdf is not None, passphrase_file)
    size = _journal_size(config)
    acts = acts_after(config.journal_directory, head.journal_position) if head.journal_position < size else []
    done = restored(
        path,
        config.database,
        by,
        journal_position=size,
        revoked_after=list(states_after(standing(acts))),
        acts_after=acts,
        checkpoint_position=_kept_elsewhere(config),
        accept_shorter_journal=accept_shorter_journal,
    )
    behind = _is_behind(config, size, head.journal_position)
    frozen = _freeze_all(config) if behind else 0
    word = " on a person's word that the journal is shorter" if behind else ""
    after = f"backup {head.id} of journal position {head.journal_position}{word}; {counted(frozen, 'key')} frozen"
    record_offline(config, "store.restore", str(path), after=after, accept_behind=accept_shorter_journal)
    if common.json:
        print_json(
            {
                "database": str(config.database),
                "moved": done.moved,
                "ended": done.ended,
                "frozen": frozen,
                "change": head.change,
            }
        )
        return Exit.DONE
    moved = counted(done.moved, "key")
    say(f"{config.database}: as of journal position {head.journal_position}; {moved} moved as what came after says")
    if done.ended:
        say(f"ended again, as it says: {done.ended} of the tokens, people and ways in to the console")
    if frozen:
        say(f"{counted(frozen, 'key')} frozen: the journal may lack their revocation; unfreeze those that you know")
        say("Every token is revoked, for the same reason: issue those anew that are needed")
    say("Start it with `bailiwick up`, then look at `bailiwick doctor` and `bailiwick key list`.")
    return Exit.DONE


def _check_nothing_runs(config: Config) -> None:
    try:
        Client(config.gateway_socket, timeout_s=5.0).ask(Health())
    except LinkError as error:
        if error.code is Code.UNAVAILABLE:
            return
    raise Stop("Bailiwick is running on this data directory; end it first", Exit.CONFLICT)


def _opener(config: Config, by_passphrase: bool, passphrase_file: Path | None) -> "Secret | Vault":
    if by_passphrase:
        return read_secret("passphrase of the backup", file=passphrase_file, instead=FROM_FILE)
    passphrase = read_secret("passphrase of the vault") if config.vault.source == "passphrase" else None
    kdf = read_keyring_file(config.keyring).kdf
    return Vault(open_keyring(config.keyring, root_of(config.vault, dict(os.environ), kdf=kdf, passphrase=passphrase)))


def _journal_size(config: Config) -> int:
    if not config.journal_directory.is_dir():
        raise Stop(
            f"{config.journal_directory}: the journal is not there; bring its directory, since what was revoked after "
            "the backup stands in it",
            Exit.NOT_FOUND,
        )
    return size(config.journal_directory)


def _kept_elsewhere(config: Config) -> int | None:
    """How many records the newest checkpoint at the second place covers; None where there is no second place."""
    place = config.journal.second_place
    if place is None or not place.exists():
        return None
    return max(each.size for each in copies(place, verifier_of_journal(config)))


def _is_behind(config: Config, position: int, backed_up: int) -> bool:
    return position < max(backed_up, _kept_elsewhere(config) or 0)


def _freeze_all(config: Config) -> int:
    """Freeze the keys that a shorter journal might have revoked, and revoke the tokens, which are soon issued anew."""
    with Store.open(config.database) as store:
        for token in store.tokens.list():
            store.tokens.revoke(token.id, epoch_ms())
        doubtful = [key for key in store.keys.list() if key.state in HELD and key.state is not KeyState.FROZEN]
        for key in doubtful:
            store.keys.move(key.id, KeyState.FROZEN, account=key.account)
    return len(doubtful)
