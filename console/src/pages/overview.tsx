// What happens now, what is open, and the way to stop it.
import { useEffect } from "preact/hooks";
import { ask, me } from "../api";
import { leftOut, listen, rows, seconds, state } from "../feed";
import { Empty, Facts, Mark, Page, Shown, Time } from "../parts/bits";
import { Health, Money } from "../parts/money";
import { Panic } from "../parts/panic";
import { usePolled } from "../parts/polled";
import { Rehearsal } from "../parts/rehearsal";
import { Stream } from "../parts/stream";
import { to } from "../router";

export function Overview() {
  useEffect(listen, []);
  return (
    <Page title="Overview" side={me.value?.role === "auditor" ? null : <Panic />}>
      <div class="cards">
        <Money />
        <Open />
        <Rates />
      </div>
      <Alerts />
      <Rehearsal />
      <Health />
      <section aria-label="What happens now">
        <h2>
          Now <span class={`mark ${state.value === "live" ? "good" : "care"}`} role="status">{state.value}</span>
        </h2>
        {leftOut.value ? (
          <p class="quiet">
            More is decided than can be read: {leftOut.value.toLocaleString()} records are counted above and not shown
            here. The journal has all of them.
          </p>
        ) : null}
        {rows.value.length ? (
          <Stream rows={rows.value} />
        ) : (
          <Empty>Nothing yet. Point a bot at the gateway with a key of its own, and every decision appears here.</Empty>
        )}
      </section>
    </Page>
  );
}

/** The latest that the watch said; nothing is shown while it is content. */
function Alerts() {
  const alerts = usePolled((signal) => ask("get", "/v1/alerts", { query: { limit: 5 }, signal }), () => OPEN_MS, []);
  if (!alerts.value?.rows.length) return null;
  return (
    <section class="card" aria-label="What the watch said">
      <h2>The watch</h2>
      <ul class="plain">
        {alerts.value.rows.map((each) => (
          <li key={each.id}>
            <Mark of={each.kind} /> <a href={to("keys", each.key)}>{each.key.slice(0, 14)}…</a> {each.what} {each.done}{" "}
            <Time at={each.at} />
            {each.why.map((why) => <p key={why} class="quiet">{why}</p>)}
          </li>
        ))}
      </ul>
    </section>
  );
}

const WHATS = ["allowed", "read", "denied", "held", "refused"];

function Rates() {
  const now = Math.floor(Date.now() / 1000);
  const recent = seconds.value.filter((each) => each.at > now - 10);
  const sum = (what: string) => recent.reduce((total, each) => total + (each.counts[what] ?? 0), 0);
  return (
    <section class="card">
      <h2>Decisions a second</h2>
      <Facts of={WHATS.map((what) => [what === "read" ? "reads allowed" : what, (sum(what) / 10).toFixed(1)])} />
      <Spark />
    </section>
  );
}

function Spark() {
  const totals = seconds.value.map((each) => Object.values(each.counts).reduce((a, b) => a + b, 0));
  const most = Math.max(1, ...totals);
  const points = totals.map((each, place) => `${place * 4},${40 - (each / most) * 38}`).join(" ");
  return (
    <svg class="spark" viewBox="0 0 240 42" role="img" aria-label={`At most ${most} a second in the last minute`}>
      <polyline points={points} />
    </svg>
  );
}

/** It is asked for every few seconds and not at every event: a storm of them must not use up what a session may ask. */
const OPEN_MS = 4_000;

function Open() {
  const house = me.value?.role !== "owner";
  const waiting = usePolled((signal) => ask("get", "/v1/approvals", { query: { state: "waiting" }, signal }), () => OPEN_MS, []);
  const alerts = usePolled((signal) => ask("get", "/v1/alerts", { query: { limit: 100 }, signal }), () => OPEN_MS, []);
  const incidents = usePolled(
    async (signal) => (house ? await ask("get", "/v1/incidents", { query: { state: "current" }, signal }) : null), () => OPEN_MS, [],
  );
  return (
    <section class="card" aria-labelledby="open">
      <h2 id="open">Open</h2>
      <Shown of={waiting}>
        {(found) => (
          <p class={found.rows.length ? "said care" : ""}>
            <a href={to("approvals")}>{counted(found.rows.length, found.more, "request")} held, waiting for a person</a>
          </p>
        )}
      </Shown>
      {house ? (
        <Shown of={incidents}>
          {(found) => (
            <p class={found?.rows.length ? "said bad" : ""}>
              <a href={to("incidents")}>{counted(found?.rows.length ?? 0, false, "incident")} not closed</a>
            </p>
          )}
        </Shown>
      ) : null}
      <Shown of={alerts}>
        {(found) => {
          const day = found.rows.filter((each) => Date.now() - Date.parse(each.at) < 86_400_000).length;
          return <p>{counted(day, found.more && day === found.rows.length, "alert")} of the watch in 24 hours</p>;
        }}
      </Shown>
    </section>
  );
}

function counted(count: number, more: boolean | undefined, noun: string): string {
  return `${count}${more ? "+" : ""} ${noun}${count === 1 ? "" : "s"}`;
}
