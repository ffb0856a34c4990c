"""``bailiwick audit``: what the keys that are at exchanges already may do, in the exchange's own word."""

import time
from typing import Annotated

from cyclopts import Parameter

from bailiwick.audit import venues
from bailiwick.audit.facts import Need
from bailiwick.audit.grading import Grade
from bailiwick.audit.question import AuditKey, Refused, UnfitKey
from bailiwick.audit.report import Report, report_of, unasked
from bailiwick.authority.audit_verbs import AuditAccount
from bailiwick.authority.verbs import Kind, ListParties
from bailiwick.cli.asking import read_secret
from bailiwick.cli.exits import Exit, Stop
from bailiwick.cli.options import COMMON, LONG_S, Common
from bailiwick.cli.output import print_json, print_table, remark, say


def audit(
    account: Annotated[str, Parameter(show_default=False)] = "",
    /,
    *,
    venue: str = "",
    key_env: str = "",
    secret_env: str = "",
    passphrase_env: str = "",
    need: str = "trade",
    url: str = "",
    common: Common = COMMON,
) -> Exit:
    """Ask the exchange itself what a key may do, and grade it. Nothing is ever ordered to find out.

    Without --venue it asks about the sealed credential of ACCOUNT, or of every account. With --venue it asks about any
    key, from the environment or a prompt, and needs nothing running. A key is never an argument. It ends with 0 where
    all is well, 8 with warnings, 3 where an exchange did not tell, and 7 where something is dangerous.

    Example: bailiwick audit --venue kraken --need read

    Parameters
    ----------
    account: str
        The account whose sealed credential is asked about; all, if it is left out.
    venue: str
        The exchange of a key that is not here: binance, binance-us, bybit, kraken, kucoin or coinbase.
    key_env: str
        The environment variable that holds the key's public half; asked for, if it is left out.
    secret_env: str
        The environment variable that holds its secret, or a private key in PEM; asked for, if it is left out.
    passphrase_env: str
        The environment variable that holds its passphrase (KuCoin), or the password of an encrypted PEM.
    need: str
        What it is needed for: read or trade.
    url: str
        Another address than the exchange's own, such as a sandbox's.
    """
    if need not in set(Need):
        raise Stop(f"--need: {need[:40]!r} is none; choose from {', '.join(Need)}", Exit.USAGE)
    if venue:
        if account:
            raise Stop("name an account or --venue, not both", Exit.USAGE)
        reports = [_own(venue, key_env, secret_env, passphrase_env, Need(need), url)]
    elif key_env or secret_env or passphrase_env or url:
        raise Stop("--venue: name the exchange that the key is of", Exit.USAGE)
    else:
        reports = _sealed(account, need, common)
    if common.json:
        print_json(reports)
    else:
        for place, report in enumerate(reports):
            if place:
                say()
            show(report)
    return exit_of(reports)


def exit_of(reports: list[Report]) -> Exit:
    """For cron: danger before what could not be asked, before a warning."""
    grades = {report.grade for report in reports}
    if Grade.DANGER in grades:
        return Exit.FOUND_ERRORS
    if not all(report.told for report in reports):
        return Exit.ABSENT
    return Exit.FOUND_WARNINGS if Grade.WARNING in grades else Exit.DONE


def _sealed(account: str, need: str, common: Common) -> list[Report]:
    names = [account] if account else _accounts(common)
    if not names:
        remark("no account has a credential; `bailiwick account add` takes one, or name any key's exchange: --venue")
    return [common.ask(AuditAccount(id=name, need=need), timeout_s=LONG_S).report for name in names]


def _accounts(common: Common) -> list[str]:
    rows = common.ask(ListParties(kind=Kind.ACCOUNT, limit=1000)).rows
    return [str(row["id"]) for row in rows if row.get("api_key") and row.get("state") == "active"]


def _own(name: str, key_env: str, secret_env: str, passphrase_env: str, need: Need, base_url: str) -> Report:
    from bailiwick.audit.caller import Unreachable, inspect  # noqa: PLC0415  (TLS is not loaded for other commands)

    try:
        venue = venues.find(name)
    except ValueError as error:
        raise Stop(f"--{error}", Exit.USAGE) from None
    api_key = read_secret("key (its public half)", variable=key_env).reveal().decode("utf-8", "replace").strip()
    if not api_key.isascii() or not api_key.isprintable():
        raise Stop("key: printable ASCII, as the exchange shows it; copy it again")
    secret = read_secret("secret", variable=secret_env)
    passphrase = None
    if passphrase_env or venue.passphrase:
        passphrase = read_secret("passphrase", variable=passphrase_env)
    try:
        facts = inspect(venue, AuditKey(api_key, secret, passphrase), base_url=base_url)
    except (Unreachable, Refused) as error:
        return unasked(venue.title, str(error), of="the given key", api_key=api_key)
    except UnfitKey as error:
        raise Stop(str(error)) from None
    now_ms = time.time_ns() // 1_000_000
    return report_of(venue, facts, need, now_ms, of="the given key", api_key=api_key)


def show(report: Report) -> None:
    """A report for people."""
    say(f"{report.of}: {report.venue}, key {report.key}")
    if not report.told:
        say(f"  not known: {report.sentence}")
        return
    say(f"  {report.grade}; the exchange grants: {' '.join(report.permissions) or 'nothing'}")
    rows = [[each.subject, each.grade.value, _with_remedy(each.sentence, each.remedy)] for each in report.verdicts]
    print_table(["what", "grade", "why, and what to do"], rows)
    if report.untold:
        say(f"Not told by {report.venue}: {', '.join(report.untold)}.")
    if report.grade in {Grade.DANGER, Grade.WARNING}:
        say(report.advice)


def _with_remedy(sentence: str, remedy: str) -> str:
    return f"{sentence}. {remedy[:1].upper()}{remedy[1:]}." if remedy else sentence


def warn(common: Common, account: str) -> None:
    """After an account was added: what its key may do beyond what it needs. An exchange that is down is told of."""
    from bailiwick.link.wire import LinkError  # noqa: PLC0415

    try:
        report = common.ask(AuditAccount(id=account), timeout_s=LONG_S).report
    except LinkError as error:
        remark(f"note: its key could not be audited: {error.sentence}. Later: bailiwick audit {account}")
        return
    if not report.told:
        remark(f"note: its key could not be audited: {report.sentence}. Later: bailiwick audit {account}")
        return
    for each in report.verdicts:
        if each.grade in {Grade.DANGER, Grade.WARNING}:
            remark(f"{each.grade.value}: {each.subject}: {_with_remedy(each.sentence, each.remedy)}")
    if report.grade in {Grade.DANGER, Grade.WARNING}:
        remark(report.advice)
