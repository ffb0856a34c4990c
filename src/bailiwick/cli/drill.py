"""``bailiwick drill``: an incident played with and without grant and watch. ``docs/drills.md`` has the scenarios."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import Parameter

from bailiwick.cli.asking import read_secret
from bailiwick.cli.exits import Exit, Stop
from bailiwick.cli.options import group
from bailiwick.cli.output import print_json, remark, say
from bailiwick.words import counted

if TYPE_CHECKING:
    from rich.console import Console

app = group("drill", "Drills: play an incident, with and without the grant and the watch.")

JSON = Annotated[bool, Parameter(negative="")]
USUAL = ("nothing", "grant", "watch", "both")


@app.default
def drill(
    scenario: str,
    /,
    *,
    seed: int = 1,
    most: str = "wind-down",
    answer_minutes: int | None = None,
    change: Annotated[tuple[str, ...], Parameter(name="--set")] = (),
    arm: tuple[str, ...] = USUAL,
    processes: int = 0,
    live: str = "",
    key: str = "",
    secret_env: str = "",
    speed: float = 1.0,
    json: JSON = False,
) -> None:
    """Play an incident four times from one seed: with nothing in the way, the grant, the watch, and both.

    Without the preset, keys have a grant that would let the attack through: all symbols, no budgets, no band. Nothing
    of it touches a real exchange, a running gateway or its store.

    Example: bailiwick drill axs --seed 1

    Parameters
    ----------
    scenario: str
        One that is shipped (axs, dmg, sys, nxt, sell-then-buy, drip, mimic, look-alikes), or a file that ends in .toml.
    seed: int
        From which everything follows.
    most: str
        The most that the watch may do by itself: note, alert, hold or wind-down.
    answer_minutes: int
        After how many minutes owners answer what they are told, truthfully; never, if it is left out.
    change: tuple[str, ...]
        Another value for a field of the scenario, such as attack.0.pace_ms=500; may be given several times.
    arm: tuple[str, ...]
        What to play: nothing, grant, watch, both; may be given several times, and replaces all four.
    processes: int
        How many are played at once; one for each core, at most two, if it is left out.
    live: str
        Play the first victim's part over sockets against a gateway of this machine instead, such as
        http://127.0.0.1:8080; what it lets through is executed at the exchange behind it.
    key: str
        For --live: a key of that gateway. Its secret is asked for, or read from --secret-env.
    secret_env: str
        For --live: the environment variable that holds the key's secret.
    speed: float
        For --live: how many times faster than the incident was.
    json: bool
        Print one object for a program.
    """
    if live:
        _live(_scenario(scenario, change), seed, live, key, secret_env, speed, json=json)
        return
    from bailiwick.drill import crew, telling  # noqa: PLC0415  (the market is not loaded for other commands)
    from bailiwick.drill.arm import Arm, Owner, Setting  # noqa: PLC0415
    from bailiwick.model.grant import Most  # noqa: PLC0415

    _one_of("--most", most, tuple(Most))
    for each in arm:
        _one_of("--arm", each, tuple(Arm))
    if answer_minutes is not None and answer_minutes < 0:
        raise Stop("--answer-minutes: minutes from 0 on", Exit.USAGE)
    played = _scenario(scenario, change)
    owner = Owner(minutes=answer_minutes)
    settings = [Setting(arm=Arm(each), most=Most(most), owner=owner) for each in dict.fromkeys(arm)]
    tasks = [crew.Task(scenario=played, seed=seed, setting=setting, drawn=not json) for setting in settings]
    with _progress(json=json) as told:
        over = itertools.count(1)
        done = crew.run_all(tasks, lambda _: told(next(over), len(tasks)), **_processes(processes))
    outcomes = {each.task.setting.arm: each.outcome for each in done}
    if json:
        print_json(telling.as_object(played, seed, outcomes))
    else:
        telling.show(_console(), played, seed, outcomes)


@app.command
def suite(
    *,
    keys: int = 100_000,
    days: int = 3,
    seed: int = 1000,
    seeds: int = 1,
    incident: tuple[str, ...] = (),
    baselines: Annotated[bool, Parameter(negative="--no-baselines")] = True,
    processes: int = 0,
    json: JSON = False,
) -> None:
    """Play every incident with its variants, beside baselines, and an honest crowd; print the table of figures.

    Example: bailiwick drill suite --keys 1000 --days 3 --seeds 1 --incident axs

    Parameters
    ----------
    keys: int
        Of the honest crowd.
    days: int
        That the honest crowd lives.
    seed: int
        The first; every world has its own, from here on.
    seeds: int
        How many times each incident is played.
    incident: tuple[str, ...]
        A scenario; may be given several times. All shipped incidents, if it is left out.
    baselines: bool
        Play what others do beside the watch; --no-baselines leaves them out.
    processes: int
        How many worlds are played at once; one for each core, at most two, if it is left out.
    json: bool
        Print one object for a program.
    """
    from bailiwick.drill import suite as playing  # noqa: PLC0415

    _positive(keys=keys, days=days, seeds=seeds)
    lineup = playing.Lineup(
        keys=keys, days=days, seed=seed, seeds=seeds, baselines=baselines, incidents=incident or playing.INCIDENTS
    )
    for name in lineup.incidents:
        _scenario(name, ())
    from bailiwick.drill.telling import show_suite  # noqa: PLC0415

    with _progress(json=json) as told:
        found = playing.run(lineup, told, **_processes(processes))
    if json:
        print_json(found)
    else:
        show_suite(_console(), found)


@app.command
def calibrate(
    progress: Path,
    /,
    *,
    key_days: int = 3_000_000,
    keys: int = 12_500,
    days: int = 8,
    seed: int = 1000,
    processes: int = 0,
    json: JSON = False,
) -> None:
    """Play honest crowds for hours, and count what is stopped wrongly. It goes on where an interruption left it.

    Example: bailiwick drill calibrate progress.jsonl --key-days 3000000

    Parameters
    ----------
    progress: Path
        A file to which each finished world is added, a line of JSON each; made if it is not there.
    key_days: int
        How many must be counted in all.
    keys: int
        Of one world.
    days: int
        That each world lasts.
    seed: int
        The first.
    processes: int
        How many worlds are played at once; one for each core, at most two, if it is left out.
    json: bool
        Print one object for a program.
    """
    from bailiwick.drill.crowd import Counts  # noqa: PLC0415
    from bailiwick.drill.crowd import calibrate as counting  # noqa: PLC0415
    from bailiwick.drill.telling import show_rates  # noqa: PLC0415

    _positive(key_days=key_days, keys=keys, days=days)

    def told(each: Counts, total: float) -> None:
        remark(
            f"seed {each.seed}: {each.wound_down} wound down, {each.holds} held; {total:,.0f} of {key_days:,} key-days"
        )

    try:
        found = counting(
            progress, keys=keys, days=days, first_seed=seed, key_days=key_days, told=told, **_processes(processes)
        )
    except (ValueError, OSError) as error:
        raise Stop(str(error)) from None
    if json:
        print_json(found)
    else:
        show_rates(_console(), found)


@app.command
def adversary(
    scenario: str = "axs",
    /,
    *,
    tries: int = 100,
    seed: int = 1,
    arm: str = "watch",
    change: Annotated[tuple[str, ...], Parameter(name="--set")] = (),
    processes: int = 0,
    json: JSON = False,
) -> None:
    """Search an attack's parameters for the theft that costs most in spite of the watch.

    Example: bailiwick drill adversary axs --tries 200

    Parameters
    ----------
    scenario: str
        One that is shipped, or a file that ends in .toml; its first attack is changed.
    tries: int
        How many attacks are tried: half of them drawn at random, the others near the worst that was found.
    seed: int
        From which the world and the search follow.
    arm: str
        What stands in the way: grant, watch or both.
    change: tuple[str, ...]
        Another value for a field of the scenario, such as crowd.keys=500; may be given several times.
    processes: int
        How many worlds are played at once; one for each core, at most two, if it is left out.
    json: bool
        Print one object for a program.
    """
    from bailiwick.drill import adversary as searching  # noqa: PLC0415
    from bailiwick.drill.arm import Arm  # noqa: PLC0415
    from bailiwick.drill.telling import show_adversary  # noqa: PLC0415

    _positive(tries=tries)
    _one_of("--arm", arm, tuple(each for each in Arm if each is not Arm.NOTHING))
    played = _scenario(scenario, change)

    def told(last: searching.Try, worst: searching.Try) -> None:
        if not json:
            remark(f"lost {last.loss:,.0f} of {last.unhindered:,.0f} USDT; the worst so far {worst.loss:,.0f}")

    try:
        found = searching.search(played, tries, seed, told, arm=Arm(arm), **_processes(processes))
    except ValueError as error:
        raise Stop(str(error)) from None
    if json:
        print_json(found)
    else:
        show_adversary(_console(), found)


def _live(scenario: Any, seed: int, url: str, key: str, secret_env: str, speed: float, *, json: bool) -> None:
    """The attack on one key of a running gateway."""
    from bailiwick.drill import live  # noqa: PLC0415

    if not key:
        raise Stop("--key: name a key of the gateway that is attacked", Exit.USAGE)
    if not 0 < speed <= 1000:
        raise Stop("--speed: how many times faster, above 0 and up to 1000", Exit.USAGE)
    try:
        gate = live.Gate(url, key, read_secret("the key's secret", variable=secret_env, instead="name --secret-env"))
        sent = live.attack(
            scenario, seed, gate, speed,
            lambda each: None if json else say(f"{each.what}: {each.status} {each.reason}".rstrip()),
        )  # fmt: skip
    except live.LiveError as error:
        raise Stop(str(error), Exit.ABSENT if "does not answer" in str(error) else Exit.REFUSED) from None
    forwarded = live.forwarded(sent)
    if json:
        print_json(
            {"seed": seed, "scenario": scenario.name, "live": url, "orders_before_hold": [forwarded], "sent": sent}
        )
    else:
        say(f"{counted(len(sent), 'request')} sent; {counted(forwarded, 'order')} left before the first was refused")


def _console() -> "Console":
    from rich.console import Console  # noqa: PLC0415

    return Console(highlight=False)


@contextmanager
def _progress(*, json: bool) -> "Iterator[Callable[[int, int], None]]":
    """A bar on standard error, so that standard output has the table alone."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("worlds"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=json) as bar:
        task = bar.add_task("worlds", total=None)
        yield lambda over, all_: bar.update(task, completed=over, total=all_)


def _processes(wanted: int) -> dict[str, int]:
    if wanted < 0:
        raise Stop("--processes: how many worlds are played at once, from 1 on", Exit.USAGE)
    return {"processes": wanted} if wanted else {}


def _positive(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise Stop(f"--{name.replace('_', '-')}: {number} is too few; at least 1", Exit.USAGE)


def _scenario(name: str, changes: tuple[str, ...]) -> Any:
    from bailiwick.sandbox.market.scenario import ScenarioError, altered, load  # noqa: PLC0415

    found = {}
    for text in changes:
        field, mark, value = text.partition("=")
        if not mark or not field:
            raise Stop(f"--set: {text[:60]!r} is not FIELD=VALUE; write it like attack.0.pace_ms=500", Exit.USAGE)
        found[field] = _value(value)
    try:
        return altered(load(name), found) if found else load(name)
    except ScenarioError as error:
        raise Stop(str(error), Exit.NOT_FOUND if str(error).startswith("scenario:") else Exit.REFUSED) from None


def _value(text: str) -> Any:
    """A number, true, false or a list as JSON writes them; anything else is the text itself."""
    try:
        return msgspec.json.decode(text.encode())
    except msgspec.DecodeError:
        return text


def _one_of(option: str, text: str, known: tuple[str, ...]) -> None:
    if text not in known:
        raise Stop(f"{option}: {text[:40]!r} is none; choose from {', '.join(known)}", Exit.USAGE)
