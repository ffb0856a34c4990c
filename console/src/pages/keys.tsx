// Keys: as many as there are. Only the rows in view exist, and the server looks and sorts.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Schemas, ask } from "../api";
import { Empty, Mark, Page, Said, Time, plain, useLoaded } from "../parts/bits";
import { filter, place, to } from "../router";

type Found = Schemas["FoundKey"];

const ROW = 44;
const STRETCH = 100;
const STATES = ["active", "winding_down", "frozen", "revoked", "expired", "pending"];
const COLUMNS: [string, string][] = [
  ["id", "Key"], ["name", "Name"], ["account", "Account"], ["service", "Service"], ["state", "State"],
  ["last_used", "Last used"],
];

export function Keys() {
  const query = place.value.query;
  const text = query.get("text") ?? "";
  const wanted = {
    text,
    state: query.get("state") ?? "",
    account: query.get("account") ?? "",
    service: query.get("service") ?? "",
    order: query.get("order") ?? "id",
    descending: query.get("down") === "1",
    unbounded: query.get("unbounded") === "1",
  };
  const [typed, setTyped] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => {
      if (typed !== text) filter({ text: typed });
    }, 200);
    return () => clearTimeout(timer);
  }, [typed]);

  return (
    <Page title="Keys" side={<a class="button main" href={to("issue")}>Issue a key</a>}>
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <label>
          Look for
          <input type="search" value={typed} onInput={(event) => setTyped(event.currentTarget.value)}
            placeholder="part of a key or name" />
        </label>
        <label>
          State
          <select value={wanted.state} onChange={(event) => filter({ state: event.currentTarget.value })}>
            <option value="">any</option>
            {STATES.map((each) => <option key={each} value={each}>{each.replace(/_/g, " ")}</option>)}
          </select>
        </label>
        <label>
          Account
          <input value={wanted.account} onChange={(event) => filter({ account: event.currentTarget.value.trim() })}
            list="all-accounts" placeholder="any" spellcheck={false} />
        </label>
        <label>
          Service
          <input value={wanted.service} onChange={(event) => filter({ service: event.currentTarget.value.trim() })}
            list="all-services" placeholder="any" spellcheck={false} />
        </label>
        <Known />
        {wanted.unbounded ? (
          <button type="button" onClick={() => filter({ unbounded: "" })}>without a bound on their loss ✕</button>
        ) : null}
      </form>
      <Rows key={JSON.stringify(wanted)} wanted={wanted} />
    </Page>
  );
}

/** What may be typed into the fields above; whatever is not in it may be typed as well. */
function Known() {
  const accounts = useLoaded((signal) => ask("get", "/v1/accounts", { query: { limit: 500 }, signal }), []);
  const services = useLoaded((signal) => ask("get", "/v1/services", { query: { limit: 500 }, signal }), []);
  return (
    <>
      <datalist id="all-accounts">{accounts.value?.rows.map((row) => <option key={plain(row["id"])} value={plain(row["id"])} />)}</datalist>
      <datalist id="all-services">{services.value?.rows.map((row) => <option key={plain(row["id"])} value={plain(row["id"])} />)}</datalist>
    </>
  );
}

type Wanted = {
  text: string; state: string; account: string; service: string; order: string; descending: boolean; unbounded: boolean;
};

function Rows({ wanted }: { wanted: Wanted }) {
  const stretches = useRef(new Map<number, Found[]>());
  const asked = useRef(new Set<number>());
  const box = useRef<HTMLDivElement>(null);
  const [total, setTotal] = useState<number | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [first, setFirst] = useState(0);
  const [room, setRoom] = useState(30);
  const [, setLoaded] = useState(0);

  const load = useMemo(
    () => (stretch: number) => {
      if (stretch < 0 || asked.current.has(stretch)) return;
      asked.current.add(stretch);
      ask("get", "/v1/search/keys", { query: { ...wanted, offset: stretch * STRETCH, limit: STRETCH } }).then(
        (found) => {
          stretches.current.set(stretch, found.rows);
          setTotal(found.total);
          setLoaded((count) => count + 1);
        },
        (failed: unknown) => {
          asked.current.delete(stretch);
          setError(failed);
        },
      );
    },
    [],
  );

  useEffect(() => load(0), []);
  useEffect(() => {
    const stretch = Math.floor(first / STRETCH);
    const timer = setTimeout(() => {
      load(stretch);
      load(Math.floor((first + room) / STRETCH));
    }, 60); // while somebody drags the bar, what is passed is not asked for
    return () => clearTimeout(timer);
  }, [first, room]);

  function scrolled() {
    const element = box.current;
    if (!element) return;
    setFirst(Math.floor(element.scrollTop / ROW));
    setRoom(Math.ceil(element.clientHeight / ROW) + 1);
  }

  if (error) return <Said error={error} />;
  if (total === null) return <p class="waiting" role="status">Loading…</p>;
  if (total === 0) {
    const any = wanted.text || wanted.state || wanted.account || wanted.service || wanted.unbounded;
    return <Empty>{any ? "No key is like that." : "There are no keys yet. Issue the first one: it gets exactly what its bot needs."}</Empty>;
  }
  const from = Math.max(0, first - 5);
  const until = Math.min(total, first + room + 5);
  const shown = [];
  for (let place = from; place < until; place++) {
    shown.push(<KeyRow key={place} place={place} row={stretches.current.get(Math.floor(place / STRETCH))?.[place % STRETCH]} />);
  }
  return (
    <>
      <p class="quiet" role="status">{total.toLocaleString()} {total === 1 ? "key" : "keys"}</p>
      <div class="table" role="table" aria-rowcount={total + 1} aria-label="Keys">
        <div class="tr th" role="row" aria-rowindex={1}>
          {COLUMNS.map(([name, title]) => (
            <span key={name} role="columnheader" class={`c-${name}`}
              aria-sort={wanted.order === name ? (wanted.descending ? "descending" : "ascending") : "none"}>
              <button onClick={() => filter({ order: name, down: wanted.order === name && !wanted.descending ? "1" : "" })}>
                {title}{wanted.order === name ? (wanted.descending ? " ↓" : " ↑") : ""}
              </button>
            </span>
          ))}
        </div>
        <div class="scroll" ref={box} onScroll={scrolled} tabIndex={0} role="rowgroup">
          <div class="tall" style={{ height: `${total * ROW}px` }}>
            <div class="window" style={{ transform: `translateY(${from * ROW}px)` }}>{shown}</div>
          </div>
        </div>
      </div>
    </>
  );
}

function KeyRow({ row, place }: { row: Found | undefined; place: number }) {
  if (!row) return <div class="tr" role="row" aria-rowindex={place + 2}><span role="cell" class="quiet">…</span></div>;
  return (
    <div class="tr" role="row" aria-rowindex={place + 2}>
      <span role="cell" class="c-id"><a href={to("keys", row.id)}>{row.id}</a></span>
      <span role="cell" class="c-name">{row.name}</span>
      <span role="cell" class="c-account">{row.account}</span>
      <span role="cell" class="c-service">{row.service}</span>
      <span role="cell" class="c-state"><Mark of={row.state} /></span>
      <span role="cell" class="c-last_used"><Time at={row.last_used} /></span>
    </div>
  );
}
