// Who works on it, what was written down, and how it ends: with what it was found to be.
import { useState } from "preact/hooks";
import { type Answer, ask, me } from "../api";
import { Empty, Said, Time, useLoaded } from "../parts/bits";
import { who } from "./timeline";

export type Told = Answer<"/v1/incidents/{id}", "get">;

export const VERDICTS: [string, string][] = [
  ["theft", "A theft"], ["false-alarm", "A false alarm: that was me"], ["test", "A test"], ["other", "Something else"],
];

export function Work({ of, after }: { of: Told; after: () => void }) {
  const id = of.id;
  const house = me.value?.role !== "owner";
  const people = useLoaded(async (signal) => (house ? (await ask("get", "/v1/people", { signal })).rows.map((each) => each.name) : []), []);
  const own = me.value?.name ?? "";
  const names = [...new Set([own, of.assignee ?? "", ...(people.value ?? [])])].filter(Boolean);
  const [error, setError] = useState<unknown>(null);
  async function attempt(work: () => Promise<unknown>) {
    setError(null);
    try {
      await work();
      after();
    } catch (failed) {
      setError(failed);
    }
  }
  const assign = (assignee: string) => ask("post", "/v1/incidents/{id}/assignee", { path: { id }, body: { assignee } });
  const move = (state: string) => ask("post", "/v1/incidents/{id}/state", { path: { id }, body: { state } });
  return (
    <section class="card">
      <h2>Who works on it</h2>
      <p>{of.assignee ? <strong>{of.assignee}</strong> : "Nobody yet"}{of.taken ? <>, since <Time at={of.taken} /></> : null}</p>
      <Said error={error} />
      <div class="row">
        {of.state === "open" ? (
          <button class="main" onClick={() => attempt(async () => { if (of.assignee !== own) await assign(own); await move("working"); })}>I work on it</button>
        ) : (
          <button onClick={() => attempt(() => move("open"))}>Nobody works on it</button>
        )}
        <label class="inline">
          Assigned to
          <select value={of.assignee ?? ""} onChange={(event) => { const chosen = event.currentTarget.value; void attempt(() => assign(chosen)); }}>
            <option value="">nobody</option>
            {names.map((each) => <option key={each} value={each}>{each}{each === own ? " (you)" : ""}</option>)}
          </select>
        </label>
      </div>
    </section>
  );
}

export function Notes({ of, after }: { of: Told; after: () => void }) {
  const id = of.id;
  const [text, setText] = useState("");
  const [error, setError] = useState<unknown>(null);
  async function write(event: Event) {
    event.preventDefault();
    setError(null);
    try {
      await ask("post", "/v1/incidents/{id}/notes", { path: { id }, body: { text } });
      setText("");
      after();
    } catch (failed) {
      setError(failed);
    }
  }
  return (
    <section class="card">
      <h2>Notes</h2>
      {of.notes?.length ? (
        <ul class="plain">
          {of.notes.map(([at, by, said]) => <li key={`${at}${said}`}><Time at={String(at)} /> <span class="quiet">{who(String(by))}</span><br /><span class="long">{String(said)}</span></li>)}
        </ul>
      ) : (
        <Empty>Nothing was written down yet: what you asked the service, what the exchange answered.</Empty>
      )}
      <Said error={error} />
      {me.value?.role === "auditor" || of.state === "closed" ? null : (
        <form class="row" onSubmit={write}>
          <label class="grow">Note<input value={text} onInput={(event) => setText(event.currentTarget.value)} required maxLength={2000} /></label>
          <button type="submit">Write it down</button>
        </form>
      )}
    </section>
  );
}

export function Close({ of, after }: { of: Told; after: () => void }) {
  const id = of.id;
  const [verdict, setVerdict] = useState("");
  const [reason, setReason] = useState("");
  const [error, setError] = useState<unknown>(null);
  async function close(event: Event) {
    event.preventDefault();
    setError(null);
    try {
      await ask("post", "/v1/incidents/{id}/close", { path: { id }, body: { verdict, reason }, again: true });
      after();
    } catch (failed) {
      setError(failed);
    }
  }
  return (
    <section class="card">
      <h2>Close it</h2>
      <p class="quiet">Its keys stay as they are: what winds down or is frozen is given back by a button of its own.</p>
      <form onSubmit={close}>
        <label>
          What it was
          <select value={verdict} onChange={(event) => setVerdict(event.currentTarget.value)} required>
            <option value="">Choose…</option>
            {VERDICTS.map(([name, words]) => <option key={name} value={name}>{words}</option>)}
          </select>
        </label>
        <label>
          Why (written in the journal)
          <input value={reason} onInput={(event) => setReason(event.currentTarget.value)} required={verdict === "other"} maxLength={500} />
        </label>
        <Said error={error} />
        <button type="submit">Close the incident</button>
      </form>
    </section>
  );
}
