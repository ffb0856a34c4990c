// One key: what it may do in sentences, what it used, what it did, and whether it would be allowed to.
import { useState } from "preact/hooks";
import { type Answer, ask, me } from "../api";
import { Empty, Facts, Mark, Page, Said, Shown, Time, plain, useLoaded } from "../parts/bits";
import { type Move, Moves } from "../parts/move";
import { Recorded } from "../parts/recorded";
import { to } from "../router";

const MOVES: Record<string, Move[]> = {
  active: ["wind-down", "freeze", "revoke"],
  pending: ["freeze", "revoke"],
  winding_down: ["freeze", "unfreeze", "revoke"],
  frozen: ["unfreeze", "revoke"],
  expired: ["revoke"],
};

export function Key({ id }: { id: string }) {
  const key = useLoaded((signal) => ask("get", "/v1/keys/{id}", { path: { id }, signal }), [id]);
  return (
    <Page title={`Key ${id.slice(0, 14)}…`}>
      <Shown of={key}>
        {(found) => {
          const state = plain(found.values["state"]);
          return (
            <>
              <p><code class="long">{id}</code> <Mark of={state} /></p>
              {found.notes?.map((note) => <p key={note} class="said care">{note}</p>)}
              {me.value?.role === "auditor" ? null : (
                <Moves kind="keys" id={id} moves={MOVES[state] ?? []} after={key.again} />
              )}
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
              <Would id={id} />
              <Past id={id} />
            </>
          );
        }}
      </Shown>
    </Page>
  );
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
              {found.budgets.map((each) => (
                <div class="budget" key={each.name + each.unit}>
                  <span>{each.name.replace(/_/g, " ")}</span>
                  {each.limit ? (
                    <meter min={0} max={Number(each.limit)} value={Number(each.used) + Number(each.reserved ?? 0)}
                      aria-label={each.name} />
                  ) : null}
                  <span>{each.used}{each.limit ? ` of ${each.limit}` : ""} {each.unit}</span>
                </div>
              ))}
              <Facts
                of={[
                  ["Bought and not sold", (found.holdings ?? []).map((each) => `${each.quantity} ${each.asset}`).join(", ") || "nothing"],
                  ["Open orders", String(found.open_orders?.length ?? 0)],
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

type Explained = Answer<"/v1/keys/{key}/explain", "post">;

function Would({ id }: { id: string }) {
  const [method, setMethod] = useState("POST");
  const [target, setTarget] = useState("/api/v3/order?symbol=BTCUSDT&side=BUY&type=MARKET&quoteOrderQty=100");
  const [found, setFound] = useState<Explained | null>(null);
  const [error, setError] = useState<unknown>(null);
  return (
    <section class="card">
      <h2>Would this be allowed?</h2>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          setError(null);
          ask("post", "/v1/keys/{key}/explain", { path: { key: id }, body: { method, target } }).then(setFound, (failed: unknown) => {
            setFound(null);
            setError(failed);
          });
        }}
      >
        <label>
          Method
          <select value={method} onChange={(event) => setMethod(event.currentTarget.value)}>
            {["GET", "POST", "DELETE", "PUT"].map((each) => <option key={each}>{each}</option>)}
          </select>
        </label>
        <label class="grow">
          Path and query
          <input value={target} onInput={(event) => setTarget(event.currentTarget.value)} spellcheck={false} required />
        </label>
        <button type="submit">Ask</button>
      </form>
      <Said error={error} />
      {found ? (
        <div role="status">
          <p><Mark of={found.allowed ? "allowed" : "denied"} /> {found.sentence} {found.detail}</p>
          {found.remedy ? <p>{found.remedy}</p> : null}
          <details>
            <summary>Every rule that was asked</summary>
            <ul>{found.steps?.map((each) => <li key={each.rule}>{each.rule}: {each.outcome} {each.detail}</li>)}</ul>
          </details>
        </div>
      ) : null}
    </section>
  );
}

function Past({ id }: { id: string }) {
  const past = useLoaded((signal) => ask("get", "/v1/keys/{key}/journal", { path: { key: id }, query: { limit: 50 }, signal }), [id]);
  return (
    <section>
      <h2>What it did today</h2>
      <Shown of={past}>
        {(found) =>
          found.rows.length ? (
            <ol class="stream">
              {found.rows.toReversed().map((each) => <Recorded key={each.position} position={each.position} record={each.record} />)}
            </ol>
          ) : (
            <Empty>Nothing in the last day.</Empty>
          )
        }
      </Shown>
    </section>
  );
}
