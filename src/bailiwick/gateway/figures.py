"""The gateway's figures for Prometheus. Loaded when they are first asked for: its library takes a while."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from bailiwick.gateway.process import House


def told(house: "House") -> bytes:
    """Every figure as it is now, as text."""
    registry = CollectorRegistry()
    registry.register(Figures(house))
    return generate_latest(registry)


class Figures(Collector):
    """Reads the figures when they are asked for, so that counting costs the requests next to nothing."""

    def __init__(self, house: "House") -> None:
        self._house = house

    def collect(self) -> Iterator[Metric]:
        """Every figure, as it is now."""
        house = self._house
        decisions = CounterMetricFamily(
            "bailiwick_decisions", "Requests by decision; the reason is empty for those allowed", labels=["reason"]
        )
        for reason, count in house.gateway.counts.items():
            decisions.add_metric([reason], count)
        yield decisions
        gauges = [
            ("requests_in_hand", "Requests taken and not answered yet", house.gateway.in_hand),
            ("keys", "Issued keys", len(house.registry)),
            ("keys_in_use", "Keys with their state in memory", len(house.registry.live())),
            ("replay_marks", "Replay marks alive", len(house.gateway.marks)),
            ("change", "Number of the newest change in force", house.registry.change),
            ("journal_records", "Records appended", house.journal.position),
            ("journal_durable_records", "Records that are durable", house.journal.durable),
            ("journal_healthy", "Whether records are accepted", int(house.journal.healthy)),
            ("journal_full", "Whether only cancels and reducing orders are recorded", int(house.journal.full)),
            ("unknown_outcomes", "Orders whose outcome is being looked up", len(house.reconciler)),
            ("reconciler_lag_seconds", "How long the oldest of them has been open", house.reconciler.lag_s),
        ]
        for name, about, value in gauges:
            yield GaugeMetricFamily(f"bailiwick_{name}", about, value=value)
        yield from self._venues()

    def _venues(self) -> Iterator[Metric]:
        used = GaugeMetricFamily("bailiwick_venue_weight_used", "Request weight used this minute", labels=["venue"])
        paused = GaugeMetricFamily(
            "bailiwick_venue_pause_seconds", "How long the venue asked to wait", labels=["venue"]
        )
        failing = GaugeMetricFamily("bailiwick_feed_failing", "Market data that cannot be fetched", labels=["venue"])
        for venue in self._house.links.venues():
            now = venue.clock.now_us()
            used.add_metric([venue.id], venue.way.weight.used(now))
            paused.add_metric([venue.id], max(0, venue.way.weight.paused_until_us - now) / 1e6)
            feed = self._house.feeds.get(venue.id)
            failing.add_metric([venue.id], 0 if feed is None else len(feed.failed))
        yield from (used, paused, failing)
