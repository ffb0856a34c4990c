"""``bailiwick watch``: what recognises a stolen key, tried out on files. Each command has a file of its own."""

from bailiwick.cli.options import group
from bailiwick.cli.watch_alerts import known, rows, show, unvouch, vouch, vouches
from bailiwick.cli.watch_backtest import compare
from bailiwick.cli.watch_counterparties import counterparties
from bailiwick.cli.watch_replay import replay
from bailiwick.cli.watch_train import train

app = group("watch", "The watch: what it said of keys, what you say to it, and what it would say, tried on files.")

app.command(rows, name="list", help_epilogue="Example: bailiwick watch list --account main")
app.command(show, help_epilogue="Example: bailiwick watch show w1234")
app.command(vouch, help_epilogue="Example: bailiwick watch vouch w1234 --reason 'I bought it myself'")
app.command(unvouch, help_epilogue="Example: bailiwick watch unvouch v-0123456789")
app.command(vouches, help_epilogue="Example: bailiwick watch vouches bwk_…")
app.command(known, help_epilogue="Example: bailiwick watch known bwk_…")
app.command(
    compare, name="backtest", help_epilogue="Example: bailiwick watch backtest --thresholds tried.toml --since 30d"
)
app.command(replay, help_epilogue="Example: bailiwick watch replay trades.parquet --by event --json")
app.command(
    train, help_epilogue="Example: bailiwick watch train trades.parquet events.csv --cross-validate 5 --by-time"
)
app.command(counterparties, help_epilogue="Example: bailiwick watch counterparties matches.csv")
