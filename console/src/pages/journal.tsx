// The whole journal: looked through by the server from its end, verified beside everything else, proven record by record.
import { useEffect, useRef, useState } from "preact/hooks";
import { type Answer, ask } from "../api";
import { Dialog } from "../parts/dialog";
import { Empty, Page, Said, Shown, Time, useLoaded } from "../parts/bits";
import { usePolled } from "../parts/polled";
import { Recorded } from "../parts/recorded";
import { save } from "../parts/save";
import { filter, place, to } from "../router";

type Found = Answer<"/v1/search/journal", "get">;
type Row = Found["rows"][number];

const KINDS: [string, string][] = [
  ["intent", "requests that change something"], ["read", "requests that read"], ["outcome", "outcomes at the exchange"],
  ["resolved", "what was learnt later"], ["act", "acts of people and rules"], ["event", "events"], ["failures", "refused strangers"],
  ["fingerprint", "programs first met"], ["seen", "what the market did"], ["condensed", "condensed"], ["erased", "erased"],
  ["cut", "cut off"], ["snapshot", "snapshots"], ["set-back", "set back"],
];
const DECISIONS: [string, string][] = [["allow", "allowed"], ["deny", "denied"], ["hold", "held"]];
const TEXTS: [string, string, string][] = [
  ["text", "Any text", "a reason, an order's name"], ["key", "Key", "bwk_…"], ["account", "Account", ""], ["service", "Service", ""],
  ["symbol", "Symbol", "BTCUSDT"],
];
const NAMES = [...TEXTS.map(([name]) => name), "kind", "decision", "since", "until"];
const PAGE = 100;
const AT_ONCE = 40; // stretches that are read for one press, before it asks whether to go on

export function Journal() {
  const query = place.value.query;
  const wanted = Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? ""]));
  return (
    <Page title="Journal">
      <Verifying />
      <Filters key={JSON.stringify(wanted)} wanted={wanted} />
      <Results key={`found ${JSON.stringify(wanted)}`} wanted={wanted} />
    </Page>
  );
}

function Filters({ wanted }: { wanted: Record<string, string> }) {
  const [typed, setTyped] = useState(wanted);
  const set = (name: string) => (event: { currentTarget: { value: string } }) => setTyped({ ...typed, [name]: event.currentTarget.value });
  const moment = (name: string) => (event: { currentTarget: { value: string } }) => {
    const at = event.currentTarget.value ? new Date(event.currentTarget.value) : null;
    setTyped({ ...typed, [name]: at && !Number.isNaN(at.getTime()) ? at.toISOString() : "" });
  };
  return (
    <form class="fields" role="search" aria-label="The journal" onSubmit={(event) => { event.preventDefault(); filter(typed); }}>
      {TEXTS.map(([name, title, hint]) => (
        <label key={name}>{title} <input value={typed[name] ?? ""} onInput={set(name)} placeholder={hint} spellcheck={false} maxLength={200} /></label>
      ))}
      <label>
        Kind
        <select value={typed["kind"]} onChange={set("kind")}>
          <option value="">any</option>
          {KINDS.map(([value, words]) => <option key={value} value={value}>{words}</option>)}
        </select>
      </label>
      <label>
        Decision
        <select value={typed["decision"]} onChange={set("decision")}>
          <option value="">any</option>
          {DECISIONS.map(([value, words]) => <option key={value} value={value}>{words}</option>)}
        </select>
      </label>
      <label>From (your time) <input type="datetime-local" step="1" value={local(typed["since"])} onInput={moment("since")} /></label>
      <label>Until <input type="datetime-local" step="1" value={local(typed["until"])} onInput={moment("until")} /></label>
      <button type="submit" class="main">Search</button>
      <button type="button" onClick={() => filter(Object.fromEntries(NAMES.map((name) => [name, ""])))}>Clear</button>
    </form>
  );
}

/** A moment in UTC as the field for local times wants it. */
function local(text: string | undefined): string {
  if (!text) return "";
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** What is found, newest first. Each answer reads a bounded stretch; the page asks on until a page is full. */
function Results({ wanted }: { wanted: Record<string, string> }) {
  const [rows, setRows] = useState<Row[]>([]);
  const [last, setLast] = useState<Found | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(true);
  const [open, setOpen] = useState<Row | null>(null);
  const stopped = useRef<AbortController | null>(null);

  async function read(before: number) {
    const abort = new AbortController();
    stopped.current = abort;
    setBusy(true);
    setError(null);
    let at = before;
    let count = 0;
    try {
      for (let each = 0; each < AT_ONCE && count < PAGE && !abort.signal.aborted; each++) {
        const found = await ask("get", "/v1/search/journal", {
          query: { ...wanted, before: at, limit: PAGE - count }, signal: abort.signal,
        });
        at = found.before;
        count += found.rows.length;
        setRows((known) => [...known, ...found.rows]);
        setLast(found);
        if (!found.more) break;
      }
    } catch (failed) {
      if (!abort.signal.aborted) setError(failed);
    }
    if (stopped.current === abort) setBusy(false);
  }

  useEffect(() => {
    void read(-1);
    return () => stopped.current?.abort();
  }, []);

  const passed = last ? last.size - last.before : 0;
  return (
    <section aria-label="What is found" aria-busy={busy}>
      {last ? (
        <p class="quiet" role="status">
          {busy ? <><progress max={last.size} value={passed} aria-label="How far it is read" /> </> : null}
          {rows.length.toLocaleString()} found in the last {passed.toLocaleString()} of {last.size.toLocaleString()} records
          {last.more ? "" : "; that is all"}
        </p>
      ) : null}
      <Said error={error} />
      {rows.length ? (
        <ol class="stream">
          {rows.map((each) => (
            <Recorded key={each.position} position={each.position} record={each.record} words={each.words}>
              {each.key ? <a href={to("keys", each.key)}>its key</a> : null}{" "}
              <button class="small" onClick={() => setOpen(each)}>All of {each.position}</button>
            </Recorded>
          ))}
        </ol>
      ) : busy ? <p class="waiting" role="status">Looking…</p> : error ? null : <Nothing wanted={wanted} size={last?.size ?? 0} />}
      <div class="row">
        {busy && last ? <button onClick={() => { stopped.current?.abort(); setBusy(false); }}>Stop looking</button> : null}
        {!busy && last?.more ? <button onClick={() => void read(last.before)}>Continue with older records</button> : null}
      </div>
      {open ? <One of={open} onClose={() => setOpen(null)} /> : null}
    </section>
  );
}

function Nothing({ wanted, size }: { wanted: Record<string, string>; size: number }) {
  const any = Object.values(wanted).some(Boolean);
  if (!size) return <Empty>The journal is empty. The first request of a key, and every act here, is written into it before it takes effect.</Empty>;
  return <Empty>{any ? "No record that was read is like that. Leave a field out, or look further back." : "Nothing was found."}</Empty>;
}

function One({ of, onClose }: { of: Row; onClose: () => void }) {
  const proof = useLoaded((signal) => ask("get", "/v1/journal/{position}/proof", { path: { position: of.position }, signal }), [of.position]);
  const [error, setError] = useState<unknown>(null);
  return (
    <Dialog title={`Record ${of.position}`} onClose={onClose}>
      <p>{of.words}</p>
      <p>{of.at_ms ? <Time at={of.at_ms} /> : null}</p>
      <details>
        <summary>All that stands in it</summary>
        <pre tabIndex={0}>{JSON.stringify(of.record, null, 1)}</pre>
      </details>
      <Shown of={proof}>
        {(found) => (
          <>
            <h3>Proof</h3>
            <p>It is checked offline, without Bailiwick's word for it, by <code>python -m bailiwick.journal.verify_proof</code>. Journal key:</p>
            <pre>{found.journal_key}</pre>
            <pre tabIndex={0} class="short">{found.proof}</pre>
            <div class="row">
              <button class="main" onClick={() => save(`bailiwick-record-${of.position}.txt`, found.proof)}>Save the proof</button>
              <button onClick={() => navigator.clipboard.writeText(found.proof).catch(setError)}>Copy it</button>
            </div>
          </>
        )}
      </Shown>
      <Said error={error} />
      <div class="row"><button onClick={onClose}>Close</button></div>
    </Dialog>
  );
}

const STATES: Record<string, [string, string]> = {
  never: ["", "not verified since this process began"], running: ["care", "being verified"], fine: ["good", "nothing is wrong"],
  faulty: ["bad", "not what was written"], failed: ["bad", "could not be verified"],
};

function Verifying() {
  const now = usePolled((signal) => ask("get", "/v1/journal/verification", { signal }), (found) => (found?.state === "running" ? 400 : null), []);
  const [error, setError] = useState<unknown>(null);
  async function begin() {
    setError(null);
    try {
      await ask("post", "/v1/journal/verification", {});
      now.again();
    } catch (failed) {
      setError(failed);
    }
  }
  return (
    <section class="card" aria-label="Verification">
      <Shown of={now}>
        {(found) => {
          const [look, words] = STATES[found.state] ?? ["", found.state];
          return (
            <>
              <div class="head small-head">
                <p role="status">
                  <span class={`mark ${look}`}>{words}</span>{" "}
                  {found.state === "running" ? (
                    <><progress max={found.size || 1} value={found.read} aria-label="How far it is verified" /> {(found.read ?? 0).toLocaleString()} of {(found.size ?? 0).toLocaleString()} records</>
                  ) : found.ended ? <Time at={found.ended} /> : null}
                </p>
                <button onClick={begin} disabled={found.state === "running"}>Verify all of it</button>
              </div>
              {found.lines?.map((each) => <p key={each}>{each}</p>)}
              <p class="quiet">Whoever doubts it verifies it elsewhere, without this machine's word: <code>bailiwick journal verify</code></p>
            </>
          );
        }}
      </Shown>
      <Said error={error} />
    </section>
  );
}
