"""How the demonstration is printed: for somebody who trades, at a glance."""

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from bailiwick.model.grant import Grant
from bailiwick.model.reason import Reason
from bailiwick.rules.describe import describe

if TYPE_CHECKING:
    from bailiwick.demo.stage import Stage

WHAT_WIDTH = 50
WIDE = 132


class Program:
    """Prints, and counts what went as it must and what did not."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._allowed = 0
        self._denied = 0
        self._wrong = 0

    def title(self) -> None:
        """What this is."""
        self._console.print()
        self._console.print(
            Panel.fit(
                Text.assemble(
                    ("Bailiwick", "bold"), "  a key of its own for every bot, drawn exactly\n",
                    ("an unmodified ccxt trades through it, against an exchange to rehearse on", "dim"),
                ),
                border_style="cyan",
            )
        )  # fmt: skip

    def part(self, title: str) -> None:
        """A heading."""
        self._console.print()
        self._console.print(Text(title, "bold cyan"))

    def command(self, words: str) -> None:
        """A command that was given."""
        self._console.print(Text(f"  $ {words}", "dim"), soft_wrap=True)

    def remark(self, text: str) -> None:
        """A sentence besides."""
        self._console.print(Text(f"  {text}"), soft_wrap=True)

    def fail(self, text: str) -> None:
        """Why there is nothing to see."""
        self._console.print(Text(f"✘ {text}", "bold red"), soft_wrap=True)

    def grant(self, grant: Grant) -> None:
        """What a key may do, in sentences; what is not limited is left to `bailiwick grant check`."""
        for sentence in describe(grant):
            if "no limit" in sentence or "any volume" in sentence:
                continue
            self._console.print(Padding(Text(f"• {sentence}"), (0, 0, 0, 2)))

    def tell(self, said: dict[str, Any]) -> None:
        """What the bot tried, and what came of it."""
        if "part" in said:
            self.part(said["part"])
            return
        right = said["expected"] == said.get("reason", "")
        self._wrong += not right
        if said["allowed"]:
            self._allowed += 1
            self._line("✔ allowed", "green", said["what"], Text(said["told"], "default"))
        else:
            self._denied += 1
            self._line("✘ denied ", "red", said["what"], _why(said))
        if not right:
            self._console.print(Text(f"    this should have been {said['expected'] or 'allowed'}", "bold red reverse"))

    def _line(self, mark: str, colour: str, what: str, outcome: Text) -> None:
        narrow = self._console.width < WIDE
        head = Text.assemble("  ", (mark, f"bold {colour}"), "  ", what if narrow else f"{what:{WHAT_WIDTH}}")
        if narrow:
            self._console.print(head)
            self._console.print(Padding(outcome, (0, 0, 0, 13)))
        else:
            self._console.print(Text.assemble(head, "  ", outcome), soft_wrap=True)

    def usage(self, used: dict[str, Any]) -> None:
        """What of the key's limits is used."""
        for each in used["budgets"]:
            if each["limit"]:
                name = {"day_notional": "traded today"}.get(each["name"], each["name"].replace("_", " "))
                over = "  (what sells its own holdings is counted, and never refused)"
                spent = float(each["used"]) > float(each["limit"])
                amounts = f"{float(each['used']):,.2f} of {float(each['limit']):,.0f} {each['unit']}"
                self.remark(f"{name}: {amounts}{over if spent else ''}")
        for each in used["holdings"]:
            self.remark(f"bought on {each['asset']} and not sold yet: {each['quantity']}")

    def journal(self, report: dict[str, Any]) -> None:
        """Whether the journal is whole."""
        records = report["records"]
        if report.get("faults"):
            self._wrong += 1
            self._console.print(Text(f"  ✘ the journal has faults: {report['faults']}", "bold red"))
        else:
            self._console.print(
                Text.assemble(
                    ("  ✔ ", "bold green"),
                    f"journal verified: {records} records, each decision written before anything left,\n"
                    "    no record altered, removed, inserted or reordered",
                )
            )

    def summary(self, report: dict[str, Any], seconds: float) -> bool:
        """The last word; whether everything went as it must."""
        good = not self._wrong
        counts = f"{self._allowed} requests allowed, {self._denied} denied, {report['records']} journal records"
        verdict = (
            f"everything as it must be, in {seconds:.0f} s" if good else f"{self._wrong} went otherwise than they must"
        )
        self._console.print()
        self._console.print(
            Panel.fit(
                Text.assemble((counts, "bold"), "\n", (verdict, "green" if good else "bold red")),
                border_style="green" if good else "red",
            )
        )
        return good

    def stay(self, stage: "Stage", key: dict[str, Any]) -> None:
        """Where to look while it stays."""
        self.part("It keeps running until Ctrl-C. Where to look:")
        config = f"--config {stage.config}"
        secret, shell = key["secret"], stage.exchange
        entrance = stage.command("console", "link", "you", echo=False)["address"]
        for line in (
            f"console   {entrance}   (once, in Chromium or Firefox)",
            f"gateway   {stage.url}",
            f"exchange  {shell['url']}   (its test side: {shell['url']}/sandbox/)",
            f"key       {key['id']}",
            f"secret    {secret}",
            "",
            f".venv/bin/bailiwick key show {key['id']} {config}",
            f".venv/bin/bailiwick key use {key['id']} {config}",
            f".venv/bin/bailiwick journal tail {config}",
            f".venv/bin/bailiwick key freeze {key['id']} {config}",
            f".venv/bin/bailiwick doctor {config}",
        ):
            self.remark(line)


def _why(said: dict[str, Any]) -> Text:
    """The one true reason, in the words that the sender is told, with its code."""
    name = said["reason"]
    if name not in Reason.__members__:
        return Text(f"{said['error']}: {said['text']}", "red")
    return Text.assemble(Reason[name].sentence, "  ", (name, "dim"))
