// Oneself: passkeys, sessions, how the pages look.
import { useState } from "preact/hooks";
import { ask, me } from "../api";
import { make } from "../passkey";
import { Facts, Mark, Page, Said, Shown, Time, useLoaded } from "../parts/bits";
import { LOOKS, look, setLook } from "../look";

export function Settings() {
  return (
    <Page title="Settings">
      <section class="card">
        <h2>You</h2>
        <Facts of={[["Name", me.value?.name], ["Role", me.value?.role], ["Owner", me.value?.owner], ["Signed in until", <Time at={me.value?.until} />]]} />
        <label class="inline">
          Look
          <select value={look.value} onChange={(event) => setLook(event.currentTarget.value)}>
            {LOOKS.map((each) => <option key={each}>{each}</option>)}
          </select>
        </label>
      </section>
      <Passkeys />
      <Sessions />
    </Page>
  );
}

function Passkeys() {
  const keys = useLoaded((signal) => ask("get", "/v1/session/passkeys", { signal }), []);
  const [error, setError] = useState<unknown>(null);
  async function attempt(work: () => Promise<unknown>) {
    setError(null);
    try {
      await work();
      keys.again();
    } catch (failed) {
      setError(failed);
    }
  }
  const add = () =>
    attempt(async () => {
      const asked = await ask("post", "/v1/session/passkeys/ask", { again: true });
      const credential = await make(asked.options);
      await ask("post", "/v1/session/passkeys", { body: { challenge: asked.challenge, credential, label: navigator.platform } });
    });
  return (
    <section class="card">
      <h2>Passkeys</h2>
      <Shown of={keys}>
        {(found) => (
          <ul class="plain">
            {found.rows.map((each) => (
              <li key={each.id}>
                {each.label} <span class="quiet">for {each.site}, last used <Time at={each.last_used} /></span>{" "}
                <button onClick={() => attempt(() => ask("post", "/v1/session/passkeys/remove", { body: { id: each.id }, again: true }))}>Remove</button>
              </li>
            ))}
          </ul>
        )}
      </Shown>
      <Said error={error} />
      <button onClick={add}>Add a passkey</button>
    </section>
  );
}

function Sessions() {
  const sessions = useLoaded((signal) => ask("get", "/v1/sessions", { signal }), []);
  const [error, setError] = useState<unknown>(null);
  async function end(id: string) {
    setError(null);
    try {
      await ask("delete", "/v1/sessions/{id}", { path: { id } });
      sessions.again();
    } catch (failed) {
      setError(failed);
    }
  }
  return (
    <section class="card">
      <h2>Who is signed in</h2>
      <Said error={error} />
      <Shown of={sessions}>
        {(found) => (
          <ul class="plain">
            {found.rows.map((each) => (
              <li key={each.id}>
                <strong>{each.person}</strong> <Mark of={each.state} /> by {each.by} from {each.source}, last seen <Time at={each.last_seen} />
                <br /><span class="quiet">{each.agent}</span>{" "}
                {each.id === me.value?.session ? "this one" : me.value?.role === "auditor" ? null : <button onClick={() => end(each.id)}>End it</button>}
              </li>
            ))}
          </ul>
        )}
      </Shown>
    </section>
  );
}
