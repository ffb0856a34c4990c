// What happened, line by line, and the two answers that a signal asks for: "that was me" and "not me".
import { useState } from "preact/hooks";
import { ask, me } from "../api";
import { Dialog } from "../parts/dialog";
import { Facts, Mark, Said, Shown, useLoaded } from "../parts/bits";
import { to } from "../router";
import { ago, clock, day, utc } from "../time";
import type { Happening } from "./marks";

export function Timeline({ of, open, after }: { of: Happening[]; open: boolean; after: () => void }) {
  return (
    <section class="card">
      <h2>What happened</h2>
      <ol class="happened">
        {of.map((each, place) => (
          <li key={`${each.at}/${each.position}/${place}`} class={each.kind}>
            <Moment at={each.at} />
            <div>
              <Mark of={WORDS[each.kind] ?? each.kind} /> <span class="long">{each.text}</span>{" "}
              {each.by ? <span class="quiet long">({who(each.by)})</span> : null}
              {each.key ? <> <a href={to("keys", each.key)}>{each.key.slice(0, 14)}…</a></> : null}
              {each.why?.length ? (
                <details>
                  <summary>Why</summary>
                  <ul>{each.why.map((line) => <li key={line}>{line}</li>)}</ul>
                </details>
              ) : null}
              {each.alert && open && me.value?.role !== "auditor" ? (
                <div>{each.vouch ? <span class="quiet">Somebody said: that was me.</span> : <WasMe alert={each.alert} after={after} />}</div>
              ) : null}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}

const WORDS: Record<string, string> = {
  order: "let through", "wind-down": "wind-down", "given-back": "given back", "not-me": "not me", vouch: "that was me", signal: "signal",
};

export function who(by: string): string {
  if (by === "rule:watch") return "the watch";
  return by.replace(/^person:/, "");
}

/** To the second; the day only where it is another than today's. */
function Moment({ at }: { at: string }) {
  const moment = Date.parse(at);
  const today = new Date(moment).toDateString() === new Date().toDateString();
  return (
    <time dateTime={utc(moment)} title={`${utc(moment)} (UTC)`}>
      {today ? "" : `${day(moment)}, `}{clock(moment)} <span class="quiet">({ago(moment)})</span>
    </time>
  );
}

export function WasMe({ alert, after }: { alert: string; after: () => void }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button onClick={() => setOpen(true)}>That was me…</button>
      {open ? <Vouching alert={alert} onClose={() => setOpen(false)} after={after} /> : null}
    </>
  );
}

function Vouching({ alert, onClose, after }: { alert: string; onClose: () => void; after: () => void }) {
  const found = useLoaded((signal) => ask("get", "/v1/alerts/{id}", { path: { id: alert }, signal }), [alert]);
  const [error, setError] = useState<unknown>(null);
  const [reason, setReason] = useState("");
  const [said, setSaid] = useState<string[] | null>(null);
  async function vouch(seen: string) {
    setError(null);
    try {
      const done = await ask("post", "/v1/alerts/{id}/vouch", { path: { id: alert }, body: { seen, reason }, again: true });
      setSaid([`Until ${done.vouch.until} orders of ${done.vouch.symbol} up to ${done.vouch.worth} are yours.`, ...(done.notes ?? [])]);
    } catch (failed) {
      setError(failed);
    }
  }
  return (
    <Dialog title="That was me" onClose={() => { onClose(); if (said) after(); }}>
      {said ? (
        <>
          <div class="said good" role="status">{said.map((each) => <p key={each}>{each}</p>)}</div>
          <button onClick={() => { onClose(); after(); }}>Close</button>
        </>
      ) : (
        <Shown of={found}>
          {({ alert: told, seen }) => (
            <>
              <Facts of={[["Asked for", told.what], ["Worth", told.worth], ["Key", told.key], ["From", told.source], ["Done", told.done]]} />
              <ul>{told.why.map((each) => <li key={each}>{each}</li>)}</ul>
              <p>Your word covers {told.symbol || "this symbol"} up to this size for 30 days. It does not give the key back: that is a button of its own.</p>
              <label>
                Why (written in the journal)
                <input value={reason} onInput={(event) => setReason(event.currentTarget.value)} maxLength={500} />
              </label>
              <Said error={error} />
              <div class="row">
                <button class="main" onClick={() => vouch(seen)}>Yes, that was me</button>
                <button onClick={onClose}>Leave it</button>
              </div>
            </>
          )}
        </Shown>
      )}
    </Dialog>
  );
}

/** The other answer: the key winds down, its orders are disputed, and a file for the exchange is written. */
export function NotMe({ id, after }: { id: string; after: () => void }) {
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [said, setSaid] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  async function press() {
    setBusy(true);
    setError(null);
    try {
      const done = await ask("post", "/v1/keys/{key}/not-me", { path: { key: id }, body: { reason } });
      setSaid([...(done.said ?? []), `It stands under incident ${done.id}.`]);
      setOpen(false);
      after();
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
  }
  return (
    <>
      <button class="stop" onClick={() => setOpen(true)}>Not me…</button>
      {said.length ? <div class="said good" role="status">{said.map((each) => <p key={each}>{each}</p>)}</div> : null}
      {open ? (
        <Dialog title={`Not me: key ${id}`} onClose={() => setOpen(false)}>
          <p>The key winds down at once, its orders of the last day are disputed, and a file for the exchange's support is written. A person can undo it.</p>
          <label>
            Why (written in the journal)
            <input value={reason} onInput={(event) => setReason(event.currentTarget.value)} maxLength={500} />
          </label>
          <Said error={error} />
          <div class="row">
            <button class="stop" onClick={press} disabled={busy}>It was not me</button>
            <button onClick={() => setOpen(false)}>Leave it</button>
          </div>
        </Dialog>
      ) : null}
    </>
  );
}
