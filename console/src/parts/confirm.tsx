// The dialog that asks once more who one is.
import { useState } from "preact/hooks";
import { wanted } from "../again";
import { ask } from "../api";
import { sign } from "../passkey";
import { Dialog } from "./dialog";
import { Facts, Said } from "./bits";
import { saying } from "./saying";

export function AskedAgain() {
  const now = wanted.value;
  return now ? <Asking key={now.digest} {...now} /> : null;
}

function Asking({ act, digest, done, given }: NonNullable<typeof wanted.value>) {
  const [error, setError] = useState<unknown>(null);
  const [code, setCode] = useState("");
  const [codes, setCodes] = useState(false);
  const [busy, setBusy] = useState(false);
  const said = saying(act);

  async function byPasskey() {
    setBusy(true);
    setError(null);
    try {
      const asked = await ask("post", "/v1/session/again/ask", { body: { act: digest } });
      setCodes(asked.code ?? false);
      const credential = await sign(asked.options);
      await ask("post", "/v1/session/again", { body: { act: digest, challenge: asked.challenge, credential } });
      done();
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
  }

  async function byCode(event: Event) {
    event.preventDefault();
    setError(null);
    try {
      await ask("post", "/v1/session/again", { body: { act: digest, code } });
      done();
    } catch (failed) {
      setError(failed);
    }
  }

  return (
    <Dialog title="Is it you?" onClose={given}>
      <p>This act can widen what somebody may do, or shows a secret. You confirm this, and nothing else:</p>
      <section class="card" aria-label="What you confirm">
        <h3>{said.title}</h3>
        <Facts of={said.facts} />
        {said.long.map(([name, text]) => (
          <details key={name}>
            <summary>{name}, {text.split("\n").length} lines</summary>
            <pre tabIndex={0}>{text}</pre>
          </details>
        ))}
      </section>
      <Said error={error} />
      <div class="row">
        <button class="main" onClick={byPasskey} disabled={busy}>Confirm with a passkey</button>
        <button onClick={given}>Do not do it</button>
      </div>
      <details open={codes}>
        <summary>Use a code instead</summary>
        <form onSubmit={byCode} class="row">
          <label>
            Code of the app
            <input value={code} onInput={(event) => setCode(event.currentTarget.value)} inputMode="numeric"
              autocomplete="one-time-code" required maxLength={8} />
          </label>
          <button type="submit">Confirm</button>
        </form>
      </details>
    </Dialog>
  );
}
