// A key for one service: a preset, the symbols, a budget; what it comes to in sentences; the secret once.
import { useState } from "preact/hooks";
import { type Answer, ask } from "../api";
import { Dialog } from "../parts/dialog";
import { Page, Said, Shown, plain, useLoaded } from "../parts/bits";
import { to } from "../router";

type Issued = Answer<"/v1/keys", "post">;
type Checked = Answer<"/v1/grants/check", "post">;

export function Issue() {
  const presets = useLoaded((signal) => ask("get", "/v1/grants/presets", { signal }), []);
  const accounts = useLoaded((signal) => ask("get", "/v1/accounts", { signal }), []);
  const services = useLoaded((signal) => ask("get", "/v1/services", { signal }), []);
  const [preset, setPreset] = useState("");
  const [account, setAccount] = useState("");
  const [service, setService] = useState("");
  const [symbols, setSymbols] = useState("");
  const [budget, setBudget] = useState("");
  const [name, setName] = useState("");
  const [grant, setGrant] = useState("");
  const [checked, setChecked] = useState<Checked | null>(null);
  const [issued, setIssued] = useState<Issued | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  async function attempt(work: () => Promise<void>) {
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
  }

  const propose = () =>
    attempt(async () => {
      const list = symbols.toUpperCase().split(/[\s,]+/).filter(Boolean);
      const made = await ask("post", "/v1/grants/preset", { body: { preset, symbols: list, budget: budget || "0" } });
      setGrant(made.text);
      setChecked(await ask("post", "/v1/grants/check", { body: { grant: made.text, account, service } }));
    });
  const check = () =>
    attempt(async () => setChecked(await ask("post", "/v1/grants/check", { body: { grant, account, service } })));
  const issue = () =>
    attempt(async () => setIssued(await ask("post", "/v1/keys", { body: { account, service, grant, name }, again: true })));

  return (
    <Page title="Issue a key">
      <Said error={error ?? presets.error ?? accounts.error ?? services.error} />
      <form class="card steps" onSubmit={(event) => { event.preventDefault(); void propose(); }}>
        <h2>For whom, and for what</h2>
        <label>
          Account
          <select value={account} onChange={(event) => setAccount(event.currentTarget.value)} required>
            <option value="">choose</option>
            {accounts.value?.rows.map((row) => <option key={plain(row["id"])}>{plain(row["id"])}</option>)}
          </select>
        </label>
        <label>
          Service: who holds the key
          <select value={service} onChange={(event) => setService(event.currentTarget.value)} required>
            <option value="">choose</option>
            {services.value?.rows.map((row) => <option key={plain(row["id"])}>{plain(row["id"])}</option>)}
          </select>
        </label>
        <label>
          What it is for
          <select value={preset} onChange={(event) => setPreset(event.currentTarget.value)} required>
            <option value="">choose</option>
            {presets.value?.rows.map((each) => <option key={each}>{each}</option>)}
          </select>
        </label>
        <label>
          Symbols. A thief could trade these, and no others
          <input value={symbols} onInput={(event) => setSymbols(event.currentTarget.value)} placeholder="BTCUSDT ETHUSDT" />
        </label>
        <label>
          Most that it may trade in a day, in USDT. A thief could turn over as much each day until stopped
          <input value={budget} onInput={(event) => setBudget(event.currentTarget.value)} inputMode="decimal" placeholder="500" />
        </label>
        <label>
          Name
          <input value={name} onInput={(event) => setName(event.currentTarget.value)} maxLength={100} />
        </label>
        <button type="submit" class="main" disabled={busy}>Propose the narrowest grant</button>
      </form>
      {grant ? (
        <section class="card">
          <h2>What it would be allowed</h2>
          {checked ? (
            <>
              <ul>{checked.sentences?.map((each) => <li key={each}>{each}</li>)}</ul>
              {checked.notes?.map((each) => <p class="said care" key={each}>{each}</p>)}
            </>
          ) : null}
          <details>
            <summary>The grant as text</summary>
            <label>
              TOML; what is not granted is denied
              <textarea rows={18} value={grant} spellcheck={false}
                onInput={(event) => { setGrant(event.currentTarget.value); setChecked(null); }} />
            </label>
            <button onClick={check} disabled={busy}>Look at it again</button>
          </details>
          <button class="main" onClick={issue} disabled={busy || !checked}>Issue this key</button>
        </section>
      ) : null}
      {issued ? <Secret of={issued} /> : null}
    </Page>
  );
}

function Secret({ of }: { of: Issued }) {
  const gateway = useLoaded((signal) => ask("get", "/v1/status", { signal }), []);
  return (
    <Dialog title="The key is issued" onClose={() => undefined}>
      <p class="said care">The secret is shown this once. Nobody here can read it again.</p>
      <p>Key <code class="long" data-secret="id">{of.id}</code></p>
      <p>Secret <code class="long" data-secret="secret">{of.secret ?? "none: the public key was given"}</code></p>
      {of.notes?.map((each) => <p key={each} class="quiet">{each}</p>)}
      <details open>
        <summary>For ccxt</summary>
        <Shown of={gateway}>
          {(found) => {
            const [host, port] = (found.listening ?? ["127.0.0.1", 8080]) as [string, number];
            const api = `http://${host}:${port}/api`;
            return (
              <pre>{`exchange = ccxt.binance({
  "apiKey": "${of.id}",
  "secret": "(the secret)",
  "options": {"fetchCurrencies": False, "defaultType": "spot"},
})
exchange.urls["api"].update(public="${api}/v3", private="${api}/v3")`}</pre>
            );
          }}
        </Shown>
      </details>
      <a class="button main" href={to("keys", of.id)}>I have it: show the key</a>
    </Dialog>
  );
}
