// What a key did over a month, from where and by which programs, as the journal has it.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { type Answer, ask } from "../api";
import { filter, place } from "../router";
import { long, utc } from "../time";
import { Empty, Mark, Shown, Time } from "./bits";
import { usePolled } from "./polled";

export type PastFound = Answer<"/v1/keys/{key}/past", "get">;

const DAY = 86_400_000;
const KINDS = ["allowed", "held", "denied", "refused"] as const;
const WIDTH = 720;
const HEIGHT = 140;

type Bar = { at: number; words: string; reads: number } & Record<(typeof KINDS)[number], number>;

/** The counting goes further back at each answer, until the month is whole; then it is looked at now and then. */
export function usePast(id: string) {
  return usePolled(
    (signal) => ask("get", "/v1/keys/{key}/past", { path: { key: id }, query: { days: 30 }, signal }),
    (found) => (found?.more ? 150 : 15_000),
    [id],
  );
}

export function UseOverTime({ of }: { of: ReturnType<typeof usePast> }) {
  const hourly = place.value.query.get("by") === "hour";
  return (
    <section class="card" aria-labelledby="over-time">
      <div class="head small-head">
        <h2 id="over-time">Use over time</h2>
        <label class="inline-label">
          By{" "}
          <select value={hourly ? "hour" : ""} onChange={(event) => filter({ by: event.currentTarget.value })}>
            <option value="">day, 30 days</option>
            <option value="hour">hour, two days</option>
          </select>
        </label>
      </div>
      <Shown of={of}>
        {(found) => {
          const bars = hourly ? byHour(found) : byDay(found);
          const any = bars.some((bar) => bar.reads || KINDS.some((kind) => bar[kind]));
          return (
            <>
              {found.more ? <HowFar of={found} /> : null}
              {any ? <Chart bars={bars} /> : found.more ? null : (
                <Empty>It was not used in this time. Whoever holds it points the bot at the gateway and signs with it.</Empty>
              )}
              {found.unread ? (
                <p class="quiet">
                  The bodies of {found.unread.toLocaleString()} records of this time, most of them reads, are no longer kept:
                  some may have been this key's.
                </p>
              ) : null}
            </>
          );
        }}
      </Shown>
    </section>
  );
}

function HowFar({ of }: { of: PastFound }) {
  const whole = 30 * DAY;
  return (
    <p class="quiet" role="status">
      <progress max={whole} value={Math.max(0, of.until_ms - of.since_ms)} aria-label="How far it is counted" /> Counted back to{" "}
      {long(of.since_ms)}, going on…
    </p>
  );
}

function byDay(found: PastFound): Bar[] {
  const bars: Bar[] = [];
  const today = new Date(found.until_ms);
  for (let back = 29; back >= 0; back--) {
    const at = new Date(today.getFullYear(), today.getMonth(), today.getDate() - back).getTime();
    bars.push(bar(at, new Date(at).toLocaleDateString(undefined, { day: "numeric", month: "short" })));
  }
  const first = bars[0]?.at ?? 0;
  for (const hour of found.hours) {
    const day = new Date(hour.at_ms);
    const at = new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
    if (at >= first) add(bars[Math.round((at - first) / DAY)], hour);
  }
  return bars;
}

function byHour(found: PastFound): Bar[] {
  const last = Math.floor(found.until_ms / 3_600_000) * 3_600_000;
  const bars: Bar[] = [];
  for (let back = 47; back >= 0; back--) bars.push(bar(last - back * 3_600_000, long(last - back * 3_600_000)));
  const first = bars[0]?.at ?? 0;
  for (const hour of found.hours) if (hour.at_ms >= first) add(bars[(hour.at_ms - first) / 3_600_000], hour);
  return bars;
}

function bar(at: number, words: string): Bar {
  return { at, words, allowed: 0, held: 0, denied: 0, refused: 0, reads: 0 };
}

function add(to: Bar | undefined, hour: PastFound["hours"][number]): void {
  if (!to) return;
  for (const kind of KINDS) to[kind] += hour[kind] ?? 0;
  to.reads += hour.reads ?? 0;
}

function Chart({ bars }: { bars: Bar[] }) {
  const most = Math.max(1, ...bars.map((each) => KINDS.reduce((sum, kind) => sum + each[kind], 0)));
  const sums = KINDS.map((kind) => `${bars.reduce((sum, each) => sum + each[kind], 0).toLocaleString()} ${kind}`);
  const step = WIDTH / bars.length;
  return (
    <>
      <p class="swatches">
        {KINDS.map((kind, index) => <span key={kind}><svg class={`dot ${kind}`} viewBox="0 0 10 10" aria-hidden="true"><rect width="10" height="10" /></svg> {sums[index]}</span>)}
        <span class="quiet">at most {most.toLocaleString()} in a bar</span>
      </p>
      <svg class="bars" viewBox={`0 0 ${WIDTH} ${HEIGHT + 2}`} role="img" aria-label={`Orders and other changes: ${sums.join(", ")}`}
        preserveAspectRatio="none">
        {bars.map((each, index) => <Column key={each.at} of={each} x={index * step} width={step} most={most} />)}
        <line class="ground" x1="0" x2={WIDTH} y1={HEIGHT + 1} y2={HEIGHT + 1} />
      </svg>
      <p class="ends quiet"><span>{bars[0]?.words}</span><span>{bars.at(-1)?.words}</span></p>
      <details>
        <summary>As a table</summary>
        <table tabIndex={0} aria-label="Use over time">
          <thead><tr><th scope="col">From</th>{KINDS.map((kind) => <th key={kind} scope="col">{kind}</th>)}<th scope="col">reads allowed</th></tr></thead>
          <tbody>
            {bars.filter((each) => each.reads || KINDS.some((kind) => each[kind])).map((each) => (
              <tr key={each.at}>
                <th scope="row"><time dateTime={utc(each.at)} title={`${utc(each.at)} (UTC)`}>{each.words}</time></th>
                {KINDS.map((kind) => <td key={kind}>{each[kind].toLocaleString()}</td>)}
                <td>{each.reads.toLocaleString()}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </>
  );
}

function Column({ of, x, width, most }: { of: Bar; x: number; width: number; most: number }) {
  let top = HEIGHT;
  const said = KINDS.filter((kind) => of[kind]).map((kind) => `${of[kind].toLocaleString()} ${kind}`).join(", ");
  return (
    <g>
      <title>{`${of.words} (${utc(of.at)} UTC): ${said || "nothing"}`}</title>
      <rect class="slot" x={x} y="0" width={width} height={HEIGHT} />
      {KINDS.map((kind) => {
        if (!of[kind]) return null;
        const height = Math.max(2, (of[kind] / most) * (HEIGHT - 4));
        top -= height;
        return <rect key={kind} class={kind} x={x + width * 0.12} y={top} width={width * 0.76} height={height} />;
      })}
    </g>
  );
}

export function SeenFrom({ of }: { of: ReturnType<typeof usePast> }) {
  const [all, setAll] = useState(false);
  return (
    <section class="card" aria-labelledby="seen-from">
      <h2 id="seen-from">From where, and by which programs</h2>
      <Shown of={of}>
        {(found) => (
          <>
            {found.places.length ? (
              <table tabIndex={0} aria-label="Addresses">
                <thead><tr>{["Address", "What is known of it", "First", "Last", "Requests", "Denied"].map((each) => <th key={each} scope="col">{each}</th>)}</tr></thead>
                <tbody>
                  {found.places.slice(0, all ? undefined : 10).map((each) => (
                    <Met key={each.source} of={each} name={<code>{each.source}</code>}
                      known={[
                        each.granted === false ? ["denied", "the grant does not admit it"] : null,
                        each.of_service === null || each.of_service === undefined ? null
                          : each.of_service ? ["good", "its service's network"] : ["care", "not of its service"],
                        each.habitual === null || each.habitual === undefined ? null
                          : each.habitual ? ["good", "a habit"] : ["care", "no habit yet"],
                      ]} />
                  ))}
                </tbody>
              </table>
            ) : found.more ? null : <Empty>It has come from nowhere yet.</Empty>}
            {found.places.length > 10 && !all ? <button onClick={() => setAll(true)}>All {found.places.length} addresses</button> : null}
            {found.clients.length ? (
              <table tabIndex={0} aria-label="Programs">
                <thead><tr>{["Program", "What is known of it", "First", "Last", "Requests", "Denied"].map((each) => <th key={each} scope="col">{each}</th>)}</tr></thead>
                <tbody>
                  {found.clients.slice(0, all ? undefined : 10).map((each) => (
                    <Met key={each.fingerprint} of={each}
                      name={<>{each.agent || "says nothing of itself"} <code class="quiet">{each.fingerprint}</code></>}
                      known={[
                        each.of_service === null || each.of_service === undefined ? null
                          : each.of_service ? ["good", "named by its service"] : ["bad", "not named by its service"],
                        each.habitual === null || each.habitual === undefined ? null
                          : each.habitual ? ["good", "a habit"] : ["care", "no habit yet"],
                      ]} />
                  ))}
                </tbody>
              </table>
            ) : null}
            {found.left_out ? <p class="quiet">{found.left_out.toLocaleString()} requests came from yet others, which are not listed.</p> : null}
          </>
        )}
      </Shown>
    </section>
  );
}

type Sighting = { first_ms: number; last_ms: number; count: number; denied: number };

function Met({ of, name, known }: { of: Sighting; name: ComponentChildren; known: ([string, string] | null)[] }) {
  return (
    <tr>
      <th scope="row" class="long">{name}</th>
      <td>{known.map((each) => each && <span key={each[1]}><span class={`mark ${each[0] === "denied" ? "bad" : each[0]}`}>{each[1]}</span> </span>)}</td>
      <td><Time at={of.first_ms} /></td>
      <td><Time at={of.last_ms} /></td>
      <td>{of.count.toLocaleString()}</td>
      <td>{of.denied ? <Mark of="denied" /> : null} {of.denied.toLocaleString()}</td>
    </tr>
  );
}
