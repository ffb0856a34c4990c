// Signing in, and the first time by a one-time link.
import { useEffect, useState } from "preact/hooks";
import { type Answer, ask, me } from "../api";
import { make, sign } from "../passkey";
import { Said, useLoaded } from "../parts/bits";
import { go, to } from "../router";

export function SignIn() {
  const welcome = useLoaded((signal) => ask("get", "/v1/sign-in", { signal }), []);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");

  async function done(work: () => Promise<NonNullable<typeof me.value>>) {
    setBusy(true);
    setError(null);
    try {
      me.value = await work();
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
  }

  const byPasskey = () =>
    done(async () => {
      const asked = await ask("post", "/v1/sign-in/passkey/ask", {});
      const credential = await sign(asked.options);
      return ask("post", "/v1/sign-in/passkey", { body: { challenge: asked.challenge, credential } });
    });

  return (
    <main class="entrance" id="main">
      <h1>Bailiwick</h1>
      {welcome.value?.nobody ? (
        <section class="card">
          <h2>Nobody can sign in yet</h2>
          <p>On the server, make a link for yourself and open it here:</p>
          <pre>bailiwick console link YOUR_NAME</pre>
        </section>
      ) : null}
      <section class="card">
        <h2>Sign in</h2>
        <Said error={error} />
        <button class="main" onClick={byPasskey} disabled={busy}>Sign in with a passkey</button>
        <details>
          <summary>With a password and a code</summary>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              void done(() => ask("post", "/v1/sign-in/password", { body: { name, password, code } }));
            }}
          >
            <label>
              Name
              <input value={name} onInput={(event) => setName(event.currentTarget.value)} autocomplete="username" required />
            </label>
            <label>
              Password
              <input type="password" value={password} onInput={(event) => setPassword(event.currentTarget.value)}
                autocomplete="current-password" required />
            </label>
            <label>
              Code of the app
              <input value={code} onInput={(event) => setCode(event.currentTarget.value)} inputMode="numeric"
                autocomplete="one-time-code" required />
            </label>
            <button type="submit" disabled={busy}>Sign in</button>
          </form>
        </details>
        <p class="quiet">Lost your device? On the server: <code>bailiwick console link</code></p>
      </section>
    </main>
  );
}

type Whose = Answer<"/v1/enter", "post">;
type Seed = Answer<"/v1/enter/password/ask", "post">;

export function Enter() {
  const [link] = useState(() => location.hash.slice(1));
  const [whose, setWhose] = useState<Whose | null>(null);
  const [seed, setSeed] = useState<Seed | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");

  useEffect(() => {
    history.replaceState(null, "", location.pathname); // the link stays out of the history
    ask("post", "/v1/enter", { body: { link } }).then(setWhose, setError);
  }, []);

  async function entered(work: () => Promise<NonNullable<typeof me.value>>) {
    setBusy(true);
    setError(null);
    try {
      me.value = await work();
      go(to(), true);
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
  }

  const byPasskey = () =>
    entered(async () => {
      const asked = await ask("post", "/v1/enter/passkey/ask", { body: { link } });
      const credential = await make(asked.options);
      const label = navigator.platform || "passkey";
      return ask("post", "/v1/enter/passkey", { body: { link, challenge: asked.challenge, credential, label } });
    });

  return (
    <main class="entrance" id="main">
      <h1>Bailiwick</h1>
      <section class="card">
        <h2>{whose ? `Welcome, ${whose.name}` : "A one-time link"}</h2>
        <Said error={error} />
        {whose ? (
          <>
            <p>
              You will sign in as <strong>{whose.role}</strong>
              {whose.owner ? <> of what belongs to <strong>{whose.owner}</strong></> : null}. This link works once.
            </p>
            <button class="main" onClick={byPasskey} disabled={busy}>Make a passkey</button>
            <p class="quiet">A passkey is your finger, face or PIN on this device. Nothing to remember, nothing to phish.</p>
            <details
              onToggle={(event) => {
                if (event.currentTarget.open && !seed) {
                  ask("post", "/v1/enter/password/ask", { body: { link } }).then(setSeed, setError);
                }
              }}
            >
              <summary>Choose a password and codes instead</summary>
              {seed ? (
                <form
                  onSubmit={(event) => {
                    event.preventDefault();
                    void entered(() =>
                      ask("post", "/v1/enter/password", { body: { link, challenge: seed.challenge, password, code } }),
                    );
                  }}
                >
                  <p>Add this to an authenticator app: <a href={seed.uri}>open the app</a>, or type</p>
                  <pre>{seed.seed}</pre>
                  <label>
                    Password, at least 12 characters
                    <input type="password" value={password} onInput={(event) => setPassword(event.currentTarget.value)}
                      minLength={12} autocomplete="new-password" required />
                  </label>
                  <label>
                    Code that the app shows
                    <input value={code} onInput={(event) => setCode(event.currentTarget.value)} inputMode="numeric"
                      autocomplete="one-time-code" required />
                  </label>
                  <button type="submit" disabled={busy}>Set it up</button>
                </form>
              ) : (
                <p class="waiting">Loading…</p>
              )}
            </details>
          </>
        ) : null}
      </section>
    </main>
  );
}
