"""``bailiwick up``, ``status`` and ``doctor``: running it, and looking at it."""

from bailiwick.authority.verbs import Examine, Status
from bailiwick.cli.exits import Exit
from bailiwick.cli.options import COMMON, Common
from bailiwick.cli.output import print_json, print_table, print_values, say
from bailiwick.link.questions import Finding, Severity
from bailiwick.link.wire import LinkError


def up(*, common: Common = COMMON) -> int:
    """Run the gateway and the control process until Ctrl-C, SIGTERM or the end of the terminal.

    If one of them ends, the other is ended too.

    Example: bailiwick up --config /etc/bailiwick/bailiwick.toml

    A vault with a passphrase asks for it here; where nobody can be asked, $BAILIWICK_PASSPHRASE_FILE names a file
    (mode 0600) that holds it.
    """
    from bailiwick.cli.starting import start  # noqa: PLC0415

    return start(common.config)


def status(*, common: Common = COMMON) -> int:
    """Say whether everything serves.

    Example: bailiwick status --json
    """
    answer = common.ask(Status())
    if common.json:
        print_json(answer)
    else:
        say("serving" if answer.ready else f"not serving: {answer.detail}")
        host, port = answer.listening or ("", 0)
        print_values(
            {
                "listening": f"{host}:{port}" if port else "",
                "keys": answer.keys,
                "change in force": answer.change,
                "journal": f"{answer.position} records",
                "version": answer.version,
                "gateway": f"process {answer.pid}",
            }
        )
    return Exit.DONE if answer.ready else Exit.FOUND_ERRORS


def doctor(*, common: Common = COMMON) -> int:
    """Look at everything: clock, files and who may read them, venue, journal, vault, disk; and say what to do.

    Example: bailiwick doctor

    It works when nothing runs, too, and then looks at what lies on the disk.
    """
    findings = _examined(common)
    if common.json:
        print_json(findings)
    else:
        rows = [
            (
                each.severity.value,
                each.subject,
                f"{each.sentence}. {each.remedy}".strip() if each.remedy else each.sentence,
            )
            for each in sorted(findings, key=lambda each: list(Severity).index(each.severity), reverse=True)
        ]
        print_table(("", "what", "finding"), rows)
    bad = any(each.severity is Severity.ERROR for each in findings)
    return Exit.FOUND_ERRORS if bad else Exit.DONE


def _examined(common: Common) -> tuple[Finding, ...]:
    config = common.load()
    try:
        return common.ask(Examine()).findings
    except LinkError as error:
        from bailiwick.authority.examination import examine, journal_at_rest  # noqa: PLC0415

        absent = Finding.error("bailiwick", error.sentence, "only what lies on the disk was looked at")
        return (absent, *examine(config), journal_at_rest(config))
