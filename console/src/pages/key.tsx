// One key: what it may do in sentences, what it used and from where, what it did, and whether it would be allowed to.
import { useState } from "preact/hooks";
import { ask, me } from "../api";
import { Empty, Facts, Mark, Page, Said, Shown, Time, plain, useLoaded } from "../parts/bits";
import { Family } from "../parts/family";
import { Moves } from "../parts/move";
import { Panic } from "../parts/panic";
import { SeenFrom, UseOverTime, usePast } from "../parts/past";
import { Recorded } from "../parts/recorded";
import { Budgets, Would } from "../parts/would";
import { to } from "../router";

const UNDOABLE = new Set(["winding_down", "frozen"]);
const STOPPABLE = new Set(["active", "pending", "winding_down"]);

export function Key({ id }: { id: string }) {
  const key = useLoaded((signal) => ask("get", "/v1/keys/{id}", { path: { id }, signal }), [id]);
  const past = usePast(id);
  const state = plain(key.value?.values["state"]);
  const acts = me.value?.role !== "auditor";
  return (
    <Page
      title={`Key ${id.slice(0, 14)}…`}
      side={acts && STOPPABLE.has(state) ? <Panic of={{ kind: "keys", id, label: "this key" }} after={key.again} /> : null}
    >
      <Shown of={key}>
        {(found) => (
          <>
            <p><code class="long">{id}</code> <Mark of={state} /></p>
            {found.notes?.map((note) => <p key={note} class="said care">{note}</p>)}
            {acts && UNDOABLE.has(state) ? <Moves kind="keys" id={id} moves={["unfreeze"]} after={key.again} /> : null}
            {acts && state !== "revoked" ? (
              <details>
                <summary>End it for good</summary>
                <Moves kind="keys" id={id} moves={["revoke"]} after={key.again} />
              </details>
            ) : null}
            <div class="cards">
              <section class="card wide">
                <h2>What it may do</h2>
                <ul>{found.sentences?.map((each) => <li key={each}>{each}</li>)}</ul>
                <details>
                  <summary>With the bounds of account and service</summary>
                  <Facts of={Object.entries(found.effective ?? {}).map(([name, value]) => [name.replace(/_/g, " "), plain(value)])} />
                </details>
              </section>
              <section class="card">
                <h2>Whose</h2>
                <Facts
                  of={[
                    ["Name", plain(found.values["name"])],
                    ["Account", <a href={to("accounts")}>{plain(found.values["account"])}</a>],
                    ["Service", <a href={to("services", plain(found.values["service"]))}>{plain(found.values["service"])}</a>],
                    ["Kind", plain(found.values["kind"])],
                    ["Issued", <Time at={plain(found.values["created"])} />],
                    ["Expires", <Time at={plain(found.values["expires"])} empty="never" />],
                    ["Last used", <Time at={plain(found.values["last_used"])} />],
                    ["If the watch alarms", plain(found.values["on_alert"])],
                    ["If its service is compromised", plain(found.values["on_compromise"])],
                  ]}
                />
              </section>
            </div>
            <Use id={id} />
            <Would id={id} symbols={symbolsOf(found.effective)} sources={past.value?.places.map((each) => each.source) ?? []} />
            <UseOverTime of={past} />
            <SeenFrom of={past} />
            <Watched id={id} />
            <Family id={id} account={plain(found.values["account"])} service={plain(found.values["service"])} />
            <Past id={id} />
          </>
        )}
      </Shown>
    </Page>
  );
}

function symbolsOf(effective: Record<string, unknown> | undefined): string[] {
  const found = effective?.["symbols"];
  return Array.isArray(found) ? found.map(String) : [];
}

function Use({ id }: { id: string }) {
  const use = useLoaded((signal) => ask("get", "/v1/keys/{key}/use", { path: { key: id }, signal }), [id]);
  return (
    <section class="card">
      <h2>Budgets</h2>
      <Shown of={use}>
        {(found) =>
          found.budgets?.length ? (
            <>
              <Budgets of={found.budgets} />
              <Facts
                of={[
                  ["Bought and not sold", (found.holdings ?? []).map((each) => `${each.quantity} ${each.asset}`).join(", ") || "nothing"],
                  ["Its open orders", (found.open_orders ?? []).slice(0, 10).map((each) => `${each.side} ${each.quantity} ${each.symbol}`).join(", ") || "none"],
                ]}
              />
            </>
          ) : (
            <Empty>No limit of its grant counts anything.</Empty>
          )
        }
      </Shown>
    </section>
  );
}

function Watched({ id }: { id: string }) {
  const known = useLoaded((signal) => ask("get", "/v1/keys/{key}/watch", { path: { key: id }, signal }), [id]);
  return (
    <section class="card">
      <h2>What the watch knows of it</h2>
      <Shown of={known}>
        {(found) => (
          <>
            {found.sentences.map((each) => <p key={each}>{each}</p>)}
            {found.last_alert ? <p>Last alert: {found.last_alert}</p> : null}
          </>
        )}
      </Shown>
    </section>
  );
}

type Rows = { position: number; record: Record<string, unknown>; words?: string }[];
const PAGE = 50;

/** Its journal, newest first, further back on demand. */
function Past({ id }: { id: string }) {
  const [older, setOlder] = useState<Rows>([]);
  const [ended, setEnded] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const last = useLoaded(
    (signal) => ask("get", "/v1/keys/{key}/journal", { path: { key: id }, query: { limit: PAGE, hours: 720 }, signal }), [id],
  );
  async function more(before: number) {
    setError(null);
    try {
      const found = await ask("get", "/v1/keys/{key}/journal", { path: { key: id }, query: { limit: PAGE, hours: 8784, before } });
      setOlder([...older, ...found.rows.toReversed()]);
      setEnded(found.rows.length < PAGE);
    } catch (failed) {
      setError(failed);
    }
  }
  return (
    <section>
      <h2>Its journal</h2>
      {me.value?.role === "owner" ? null : <p><a href={`${to("journal")}?key=${encodeURIComponent(id)}`}>Search all that names it</a></p>}
      <Shown of={last}>
        {(found) => {
          const rows: Rows = [...found.rows.toReversed(), ...older];
          const oldest = rows.at(-1)?.position;
          return rows.length ? (
            <>
              <ol class="stream">
                {rows.map((each) => <Recorded key={each.position} position={each.position} record={each.record} words={each.words?.replace(` ${id}`, "")} />)}
              </ol>
              <Said error={error} />
              {ended || oldest === undefined ? <p class="quiet">That is all of the last year.</p> : <button onClick={() => void more(oldest)}>Older ones</button>}
            </>
          ) : (
            <Empty>Nothing in the last 30 days. Once a bot signs with it, every request and what became of it stands here.</Empty>
          );
        }}
      </Shown>
    </section>
  );
}
