// Approvals and accounts.
import { useState } from "preact/hooks";
import { type Answer, ask, me } from "../api";
import { Empty, Facts, Mark, Page, Said, Shown, Time, plain, useLoaded } from "../parts/bits";
import { Moves } from "../parts/move";
import { usePolled } from "../parts/polled";
import { filter, place, to } from "../router";

const LOOK_MS = 3_000;

export function Approvals() {
  const state = place.value.query.get("state") ?? "waiting";
  const held = usePolled(
    (signal) => ask("get", "/v1/approvals", { query: { state: state === "any" ? "" : state }, signal }),
    () => LOOK_MS,
    [state],
  );
  return (
    <Page title="Approvals">
      <label class="inline">
        State
        <select value={state} onChange={(event) => filter({ state: event.currentTarget.value })}>
          {["waiting", "approved", "refused", "lapsed", "used", "any"].map((each) => <option key={each}>{each}</option>)}
        </select>
      </label>
      <Shown of={held}>
        {(found) =>
          found.rows.length ? (
            <>{found.rows.map((each) => <Held key={each.id} id={each.id} after={held.again} />)}</>
          ) : (
            <Empty>Nothing waits. A grant says what is held for a person: withdrawals, moves, large orders.</Empty>
          )
        }
      </Shown>
    </Page>
  );
}

function Held({ id, after }: { id: string; after: () => void }) {
  const hold = useLoaded((signal) => ask("get", "/v1/approvals/{id}", { path: { id }, signal }), [id]);
  const [error, setError] = useState<unknown>(null);
  async function answer(work: () => Promise<unknown>) {
    setError(null);
    try {
      await work();
      after();
      hold.again();
    } catch (failed) {
      setError(failed);
    }
  }
  return (
    <section class="card">
      <Shown of={hold}>
        {(found) => (
          <>
            <h2>{found.hold.what} <Mark of={found.hold.state} /></h2>
            <Facts
              of={[
                ["Key", <a href={to("keys", found.hold.key)}>{found.hold.key.slice(0, 14)}…</a>],
                ["Account", found.hold.account],
                ["Asked", <Time at={found.hold.raised} />],
                ["Lapses", <Time at={found.hold.answer_by} />],
                ["Answered by", found.hold.answered_by ?? ""],
              ]}
            />
            <pre>{found.hold.request}</pre>
            <Said error={error} />
            {found.hold.state === "waiting" && me.value?.role !== "auditor" ? (
              <div class="row">
                <button class="main" onClick={() => answer(() => ask("post", "/v1/approvals/{id}/approve", { path: { id }, body: { seen: found.seen ?? "" }, again: true }))}>
                  Let it pass once
                </button>
                <button class="stop" onClick={() => answer(() => ask("post", "/v1/approvals/{id}/refuse", { path: { id }, body: {} }))}>Refuse</button>
              </div>
            ) : null}
          </>
        )}
      </Shown>
    </section>
  );
}

export function Accounts() {
  const accounts = useLoaded((signal) => ask("get", "/v1/accounts", { signal }), []);
  return (
    <Page title="Accounts and audit">
      <Shown of={accounts}>
        {(found) =>
          found.rows.length ? (
            <>{found.rows.map((row) => <Account key={plain(row["id"])} row={row} after={accounts.again} />)}</>
          ) : (
            <Empty>No accounts yet: <code>bailiwick account add main --venue binance --owner 'Your name' --api-key YOUR_KEY</code></Empty>
          )
        }
      </Shown>
    </Page>
  );
}

function Account({ row, after }: { row: Record<string, unknown>; after: () => void }) {
  const id = plain(row["id"]);
  const state = plain(row["state"]);
  const [audit, setAudit] = useState<Answer<"/v1/accounts/{id}/audit", "get"> | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  async function look() {
    setBusy(true);
    setError(null);
    try {
      setAudit(await ask("get", "/v1/accounts/{id}/audit", { path: { id } }));
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
  }
  return (
    <section class="card">
      <h2>{id} <Mark of={state} /></h2>
      <Facts of={[["Name", plain(row["name"])], ["Owner", plain(row["owner"])], ["Venue", plain(row["venue"])], ["Its key there", plain(row["api_key"])]]} />
      <p><a href={`${to("keys")}?account=${encodeURIComponent(id)}`}>Its keys</a></p>
      {me.value?.role === "auditor" ? null : (
        <Moves kind="accounts" id={id} after={after} moves={state === "active" ? ["wind-down", "freeze"] : me.value?.role === "operator" ? ["unfreeze"] : []} />
      )}
      <button onClick={look} disabled={busy}>{busy ? "The exchange is asked…" : "What may its own key do?"}</button>
      <Said error={error} />
      {audit ? (
        <div role="status">
          <p><strong>{audit.report.grade}</strong> {audit.report.sentence}</p>
          <ul>{audit.report.verdicts?.map((each) => <li key={each.subject}>{each.grade}: {each.subject}: {each.sentence} {each.remedy}</li>)}</ul>
          <p>{audit.report.advice}</p>
        </div>
      ) : null}
    </section>
  );
}
