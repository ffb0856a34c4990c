// The first steps: who holds the key, what for, of which account, and what it may do.
import { useState } from "preact/hooks";
import { ask, me } from "../api";
import { Empty, Mark, Said, Shown, plain, useLoaded } from "../parts/bits";
import { Field, Names, Types } from "./fields";
import { changeGround, draft, goTo } from "./draft";
import { KINDS, reads } from "./kinds";
import { propose, reckoning, takeText, useReckoning } from "./reckoning";
import { Worst } from "./worst";

export function Purpose() {
  const services = useLoaded((signal) => ask("get", "/v1/services", { signal }), []);
  const { kind, service } = draft.value;
  return (
    <form onSubmit={(event) => { event.preventDefault(); goTo("account"); }}>
      <fieldset class="card">
        <legend>What is it for?</legend>
        <div class="kinds">
          {KINDS.map((each) => (
            <label class="kind" key={each.name}>
              <input type="radio" name="kind" value={each.name} checked={kind === each.name} required
                onChange={() => changeGround({ kind: each.name })} />
              <span><strong>{each.title}</strong> {each.needs}</span>
              <span class="thief">{each.thief}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <section class="card">
        <Shown of={services}>
          {(found) =>
            found.rows.length ? (
              <label>
                Service: who holds the key
                <select value={service} required onChange={(event) => changeGround({ service: event.currentTarget.value })}>
                  <option value="">choose</option>
                  {found.rows.map((row) => (
                    <option key={plain(row["id"])} value={plain(row["id"])} disabled={row["standing"] !== "trusted"}>
                      {plain(row["name"])} ({plain(row["id"])}{row["standing"] === "trusted" ? "" : `, ${plain(row["standing"])}`})
                    </option>
                  ))}
                </select>
              </label>
            ) : (
              <Empty>
                No services yet. A service is whoever holds the key, your own program too. Add it on the server
                first: <code>bailiwick service add mybot --name 'My bot'</code>
              </Empty>
            )
          }
        </Shown>
        {service ? <AtService id={service} /> : (
          <p class="thief">A thief who breaks into the service has every key that it holds: give each service its own.</p>
        )}
      </section>
      <div class="row"><button type="submit" class="main">Next: account</button></div>
    </form>
  );
}

/** What somebody who has broken into the service can do already. */
function AtService({ id }: { id: string }) {
  const house = me.value?.role !== "owner";
  const found = useLoaded(
    async (signal) => (house ? await ask("get", "/v1/services/{id}/reach", { path: { id }, signal }) : null), [id]);
  const reach = found.value;
  if (!reach) return <p class="thief">A thief who breaks into {id} has every key that it holds, and this one too.</p>;
  const keys = Object.values(reach.keys).reduce((sum, count) => sum + count, 0);
  const worst = reach.worst.map((each) => `${each.most} ${each.currency}`).join(" and ") || "nothing";
  return (
    <p class="thief">
      A thief who breaks into {id} has {keys === 1 ? "1 key" : `${keys} keys`} already, worth {worst} a day at worst; this
      one comes on top.
    </p>
  );
}

export function Account() {
  const accounts = useLoaded((signal) => ask("get", "/v1/accounts", { signal }), []);
  return (
    <form class="card" onSubmit={(event) => { event.preventDefault(); goTo("limits"); }}>
      <Shown of={accounts}>
        {(found) =>
          found.rows.length ? (
            <fieldset class="bare">
              <legend>Of which account?</legend>
              <div class="kinds">
                {found.rows.map((row) => {
                  const id = plain(row["id"]);
                  return (
                    <label class="kind" key={id}>
                      <input type="radio" name="account" value={id} required checked={draft.value.account === id}
                        onChange={() => changeGround({ account: id })} />
                      <span>
                        <strong>{plain(row["name"])}</strong> {id}, of {plain(row["owner"])}, at {plain(row["venue"])}{" "}
                        <Mark of={plain(row["state"])} />
                      </span>
                      <span class="thief">What a thief takes with this key, he takes from {plain(row["owner"])}.</span>
                    </label>
                  );
                })}
              </div>
            </fieldset>
          ) : (
            <Empty>
              No accounts yet. Add one on the server first, with its own key at the
              exchange: <code>bailiwick account add main --venue binance --owner 'Ada Berg'</code>
            </Empty>
          )
        }
      </Shown>
      <div class="row">
        <button type="button" onClick={() => goTo("purpose")}>Back</button>
        <button type="submit" class="main">Next: what it may do</button>
      </div>
    </form>
  );
}

export function Limits() {
  const { of, error } = useReckoning();
  const { choices, kind, past } = draft.value;
  if (error && !choices) {
    return <><Said error={error} /><button onClick={() => void propose()}>Try again</button></>;
  }
  if (!choices) return <p class="waiting" role="status">Looking at what this account's keys did…</p>;
  const currency = of?.currency ?? "";
  const stops = choices.order_types.some((each) => each.startsWith("STOP") || each.startsWith("TAKE"));
  const wrong = of?.wrong ?? [];
  return (
    <form class="limits" noValidate onSubmit={(event) => {
      event.preventDefault();
      if (wrong.length) document.querySelector<HTMLElement>("[aria-invalid]")?.focus();
      else goTo("protection");
    }}>
      <Said error={error} />
      {past ? <p class="said">{past}</p> : null}
      {reads(kind) ? null : (
        <>
          <section class="card">
            <h3>What</h3>
            <Names name="symbols" label="Symbols" placeholder="BTCUSDT ETHUSDT" />
            <Types />
          </section>
          <section class="card">
            <h3>How much</h3>
            <Field name="order_notional" label="One order, at most" unit={currency} />
            <Field name="day_notional" label="Traded in a day, at most" unit={currency} />
            <Field name="loss_per_day" label="Lost in a day, at most" unit={currency} />
            <Field name="open_orders" label="Orders that rest at once, at most" />
          </section>
          <section class="card">
            <h3>How far from the market</h3>
            <Field name="near" label="From the market of the last seconds, at most" unit="%" />
            <Field name="anchor" label="From the market of the last hour, at most" unit="%" />
            {stops ? <Field name="stop" label="Stops and take-profits, from the market of the last hour" unit="%" /> : null}
          </section>
        </>
      )}
      <section class="card">
        <h3>From where, how often, until when</h3>
        <Names name="networks" label="Addresses from which it may be used (empty: from anywhere)" placeholder="203.0.113.0/24" />
        <Field name="requests_per_minute" label="Requests in a minute, at most" />
        <Field name="expires" label="Until the end of this day, in UTC (empty: for ever)" type="date" numeric={false} />
      </section>
      <AsText />
      <Worst />
      <div class="row">
        <button type="button" onClick={() => goTo("account")}>Back</button>
        <button type="button" onClick={() => void propose()}>Propose again</button>
        <button type="submit" class="main">Next: protection</button>
      </div>
    </form>
  );
}

function AsText() {
  const shown = reckoning.value.of?.grant ?? draft.value.grant;
  const [text, setText] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  return (
    <details>
      <summary>The grant as text</summary>
      <label>
        TOML; what is not granted is denied
        <textarea class="code" rows={18} value={text ?? shown} spellcheck={false}
          onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <Said error={error} />
      <button type="button" disabled={text === null} onClick={() => {
        setError(null);
        takeText(text ?? shown).then(() => setText(null), setError);
      }}>
        Take this text
      </button>
    </details>
  );
}
