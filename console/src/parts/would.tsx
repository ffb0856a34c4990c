// "Would this be allowed?": an order is put together, and the engine that decides on real ones decides on it, without effect.
import { useEffect, useState } from "preact/hooks";
import { type Answer, type Schemas, ask } from "../api";
import { filter, place } from "../router";
import { Mark, Said } from "./bits";

type Explained = Answer<"/v1/keys/{key}/explain", "post">;
type Asked = { symbol: string; side: string; type: string; amount: string; of: string; price: string; stop: string; from: string };

const TYPES: [string, string][] = [
  ["MARKET", "at the market"], ["LIMIT", "limit"], ["LIMIT_MAKER", "limit, maker only"], ["STOP_LOSS_LIMIT", "stop-loss, limit"],
];
const ORDER = "/api/v3/order";

export function Would({ id, symbols, sources }: { id: string; symbols: string[]; sources: string[] }) {
  const query = place.value.query;
  const [asked, setAsked] = useState<Asked>({
    symbol: query.get("symbol") ?? symbols[0] ?? "", side: query.get("side") ?? "BUY", type: query.get("type") ?? "LIMIT",
    amount: query.get("amount") ?? "", of: query.get("of") ?? "quantity", price: query.get("price") ?? "",
    stop: query.get("stop") ?? "", from: query.get("from") ?? "",
  });
  const [method, setMethod] = useState("POST");
  const [target, setTarget] = useState("");
  const [found, setFound] = useState<Explained | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  async function look(how: string, what: string) {
    setBusy(true);
    setError(null);
    try {
      const source = asked.from ? { source: asked.from.trim() } : {};
      setFound(await ask("post", "/v1/keys/{key}/explain", { path: { key: id }, body: { method: how, target: what, ...source } }));
    } catch (failed) {
      setFound(null);
      setError(failed);
    }
    setBusy(false);
  }

  useEffect(() => {
    if (query.get("amount")) void look("POST", request(asked)); // the address asks it already
  }, []);

  const set = (name: keyof Asked) => (event: { currentTarget: { value: string } }) => setAsked({ ...asked, [name]: event.currentTarget.value });
  const limited = asked.type !== "MARKET";
  return (
    <section class="card" aria-labelledby="would">
      <h2 id="would">Would this be allowed?</h2>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          filter({ ...asked, price: limited ? asked.price : "", stop: asked.type === "STOP_LOSS_LIMIT" ? asked.stop : "" });
          void look("POST", request(asked));
        }}
      >
        <label>Symbol <input value={asked.symbol} onInput={set("symbol")} list="symbols-of-it" required spellcheck={false} /></label>
        <datalist id="symbols-of-it">{symbols.map((each) => <option key={each} value={each} />)}</datalist>
        <label>Side <select value={asked.side} onChange={set("side")}><option value="BUY">buy</option><option value="SELL">sell</option></select></label>
        <label>Type <select value={asked.type} onChange={set("type")}>{TYPES.map(([value, words]) => <option key={value} value={value}>{words}</option>)}</select></label>
        <label>
          {asked.of === "quote" && !limited ? "For so much of the quote asset" : "Quantity"}
          <input value={asked.amount} onInput={set("amount")} inputMode="decimal" required />
        </label>
        {limited ? null : (
          <label>Counted in <select value={asked.of} onChange={set("of")}><option value="quantity">the base asset</option><option value="quote">the quote asset</option></select></label>
        )}
        {limited ? <label>Price <input value={asked.price} onInput={set("price")} inputMode="decimal" required /></label> : null}
        {asked.type === "STOP_LOSS_LIMIT" ? <label>Stop price <input value={asked.stop} onInput={set("stop")} inputMode="decimal" required /></label> : null}
        <label>From the address <input value={asked.from} onInput={set("from")} list="addresses-of-it" placeholder="this machine" spellcheck={false} /></label>
        <datalist id="addresses-of-it">{sources.map((each) => <option key={each} value={each} />)}</datalist>
        <button type="submit" class="main" disabled={busy}>Ask</button>
      </form>
      <details>
        <summary>Ask about any other request</summary>
        <form class="row" onSubmit={(event) => { event.preventDefault(); void look(method, target); }}>
          <label>
            Method
            <select value={method} onChange={(event) => setMethod(event.currentTarget.value)}>
              {["GET", "POST", "DELETE", "PUT"].map((each) => <option key={each}>{each}</option>)}
            </select>
          </label>
          <label class="grow">
            Path and query, without a signature
            <input value={target} onInput={(event) => setTarget(event.currentTarget.value)} spellcheck={false} required
              placeholder="/api/v3/openOrders?symbol=BTCUSDT" />
          </label>
          <button type="submit" disabled={busy}>Ask this</button>
        </form>
      </details>
      <Said error={error} />
      {found ? <Verdict of={found} /> : null}
    </section>
  );
}

function request(asked: Asked): string {
  const said = new URLSearchParams({ symbol: asked.symbol.trim().toUpperCase(), side: asked.side, type: asked.type });
  const limited = asked.type !== "MARKET";
  if (limited && asked.type !== "LIMIT_MAKER") said.set("timeInForce", "GTC");
  said.set(!limited && asked.of === "quote" ? "quoteOrderQty" : "quantity", asked.amount.trim());
  if (limited) said.set("price", asked.price.trim());
  if (asked.type === "STOP_LOSS_LIMIT") said.set("stopPrice", asked.stop.trim());
  return `${ORDER}?${said.toString()}`;
}

function Verdict({ of }: { of: Explained }) {
  const held = of.reason === "HELD";
  return (
    <div role="status" class="verdict">
      <p>
        <Mark of={of.allowed ? "allowed" : held ? "held" : "denied"} />{" "}
        {of.allowed ? "Every rule that has a say in it lets it pass." : of.sentence} {of.detail}
      </p>
      {of.rule ? <p>Decided by the rule <strong>{of.rule}</strong>.</p> : of.allowed ? null : <p>It was not understood, so no rule was asked.</p>}
      {of.remedy ? <p>{of.remedy}</p> : null}
      {of.allowed && of.budgets?.length ? (
        <>
          <p>It comes to {figure(of.worth)} {of.budgets[0]?.unit} at worst. The budgets after it:</p>
          <Budgets of={of.budgets} />
        </>
      ) : null}
      <p class="quiet">
        The rules alone were asked. What the watch would think of it is not told: that depends on when, from where and after
        what it comes, and whoever could try it out would know how to get around it.
      </p>
      {of.steps?.length ? (
        <details>
          <summary>Every rule, in order</summary>
          <ol>{of.steps.map((each) => <li key={each.rule}>{each.rule}: {each.outcome} {each.detail}</li>)}</ol>
        </details>
      ) : null}
    </div>
  );
}

const NAMES: Record<string, string> = {
  day_notional: "Traded today", rolling_notional: "Traded in 24 hours", loss_per_day: "Lost today", open_orders: "Open orders",
};

/** An amount as people read it, to the digit as it came. */
export function figure(text: string | undefined): string {
  const [whole = "0", rest] = (text ?? "0").split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") + (rest ? `.${rest}` : "");
}

export function Budgets({ of }: { of: Schemas["BudgetUse"][] }) {
  return (
    <>
      {of.map((each) => {
        const used = Number(each.used) + Number(each.reserved ?? 0);
        const name = NAMES[each.name] ?? each.name.replace(/_/g, " ");
        return (
          <div class="budget" key={each.name + each.unit}>
            <span>{name}</span>
            {each.limit ? (
              <meter min={0} max={Number(each.limit)} value={used} high={Number(each.limit) * 0.8} aria-label={name} />
            ) : <span class="quiet">no limit of its own</span>}
            <span>
              {figure(each.used)}{Number(each.reserved ?? 0) ? ` and ${figure(each.reserved)} reserved` : ""}
              {each.limit ? ` of ${figure(each.limit)}` : ""} {each.unit}
            </span>
          </div>
        );
      })}
    </>
  );
}
