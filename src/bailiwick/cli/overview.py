"""What `bailiwick --help` says. It is told without the library that reads arguments, which takes longer to load."""

from bailiwick import __version__

HELP = """Give every bot a key of its own, drawn exactly, and keep the exchange's key to yourself."""

EPILOGUE = """\
Begin with `bailiwick init`, then `bailiwick up`. Every command has an example: `bailiwick key issue --help`.
Exit codes: 0 done, 1 refused, 2 usage, 3 not running, 4 not found, 5 conflict, 6 uncertain, 7 looked and found errors,
8 looked and found warnings.
"""

COMMANDS = (
    ("bailiwick.cli.init:init", "init", "Write a configuration, a data directory and keys with safe defaults."),
    ("bailiwick.cli.running:up", "up", "Run the gateway and the control process until Ctrl-C."),
    ("bailiwick.cli.running:status", "status", "Say whether everything serves."),
    ("bailiwick.cli.running:doctor", "doctor", "Look at everything and say what to do."),
    ("bailiwick.cli.venue:app", "venue", "Exchanges that are reached."),
    ("bailiwick.cli.account:app", "account", "Accounts at exchanges, with their sealed credentials."),
    ("bailiwick.cli.audit:audit", "audit", "Ask exchanges what the keys you have may do, and grade them."),
    ("bailiwick.cli.service:app", "service", "Third parties that keys are handed to."),
    ("bailiwick.cli.key:app", "key", "Keys: issue, show, explain, freeze, revoke, rotate."),
    ("bailiwick.cli.native:app", "native", "Keys of the exchange itself: issue, watch, wind down, revoke."),
    ("bailiwick.cli.sweep:sweep", "sweep", "Warn of, and remove, keys that lie idle or run out of time."),
    ("bailiwick.cli.approval:app", "approval", "Requests that wait for a person: show, approve, refuse."),
    ("bailiwick.cli.token:app", "token", "Tokens of the control API: issue, list, revoke."),
    ("bailiwick.cli.console:app", "console", "The web pages: who may sign in, and who is signed in."),
    ("bailiwick.cli.grant:app", "grant", "Grants: presets, and what one would come to."),
    ("bailiwick.cli.owner:app", "owner", "Owners: over which channels and when they are told."),
    ("bailiwick.cli.notice:app", "notice", "Notices: what owners were told, and whether it arrived."),
    ("bailiwick.cli.incident:app", "incident", "Incidents: list, show, what they cost, note, assign, close."),
    ("bailiwick.cli.leak:app", "leak", "Leaks: report a secret that was found; list what was reported."),
    ("bailiwick.cli.scan:scan", "scan", "Find secrets of Bailiwick in a tree of files."),
    ("bailiwick.cli.watch:app", "watch", "The watch: what it said of keys, what you say to it, and what it would say."),
    ("bailiwick.cli.journal:app", "journal", "The journal: verify, prove, tail, search."),
    ("bailiwick.cli.vault:app", "vault", "The vault: rotate its key."),
    ("bailiwick.cli.keeping:backup", "backup", "Write a sealed copy of the store."),
    ("bailiwick.cli.keeping:restore", "restore", "Make the store of a backup; no revoked key returns."),
    ("bailiwick.cli.sandbox:sandbox", "sandbox", "Run an exchange to rehearse on."),
    ("bailiwick.cli.drill:app", "drill", "Drills: play an incident, with and without grant and watch."),
    ("bailiwick.cli.reasons:reasons", "reasons", "List every reason for a denial, and what to do about it."),
)


def overview(arguments: list[str]) -> str | None:
    """What to print where nothing more than an overview or the version is asked for."""
    if arguments in ([], ["--help"], ["-h"]):
        width = max(len(name) for _, name, _ in COMMANDS)
        rows = "\n".join(f"  {name:{width}}  {text}" for _, name, text in COMMANDS)
        return f"Usage: bailiwick COMMAND [...]\n\n{HELP}\n\n{rows}\n\n{EPILOGUE}"
    if arguments == ["--version"]:
        return f"{__version__}\n"
    return None
