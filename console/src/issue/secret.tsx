// The secret, this once, and ready text to use it with. It lives in this page alone: leaving it forgets it.
import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../api";
import { useLoaded } from "../parts/bits";
import { to } from "../router";
import { snippets } from "./snippets";

export type Made = {
  way: "gateway" | "native";
  id: string;
  key: string;
  secret: string | null;
  notes: readonly string[];
  symbols: string[];
  currency: string;
};

export function Secret({ of }: { of: Made }) {
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.focus(), []);
  return (
    <>
      <section class="card">
        <h2 ref={head} tabIndex={-1}>The key is issued</h2>
        <p class="said care">
          {of.secret === null
            ? "The client signs with its own private key: there is no secret to show."
            : "The secret is shown this once. Nobody here can read it again: if it is lost, rotate the key."}
        </p>
        <Copied name="Key" value={of.key} mark="id" />
        {of.secret === null ? null : <Copied name="Secret" value={of.secret} mark="secret" />}
        {of.notes.map((each) => <p key={each} class="quiet">{each}</p>)}
      </section>
      {of.way === "gateway" ? <Clients of={of} /> : (
        <p class="said">Hand both to the service as a key of the exchange: it calls the exchange itself, past the gateway.</p>
      )}
      <p>
        {of.way === "gateway" ? <a class="button main" href={to("keys", of.id)}>I have it: show the key</a> : (
          <a class="button main" href={to()}>I have it</a>
        )}
      </p>
    </>
  );
}

function Copied({ name, value, mark }: { name: string; value: string; mark: string }) {
  return (
    <div class="copied">
      <span>{name}</span>
      <code class="long" data-secret={mark}>{value}</code>
      <Copy what={name.toLowerCase()} text={value} />
    </div>
  );
}

function Copy({ what, text }: { what: string; text: string }) {
  const [said, setSaid] = useState("");
  return (
    <span class="row">
      <button class="small" onClick={() => {
        navigator.clipboard.writeText(text).then(
          () => setSaid("copied"),
          () => setSaid("the browser did not let it be copied: mark the text and copy it"),
        );
      }}>
        Copy {what}
      </button>
      <span class="quiet" role="status">{said}</span>
    </span>
  );
}

/** Where the gateway is, as far as it can be known here: a client elsewhere may need another name of it. */
function addressOf(listening: readonly unknown[] | null | undefined): string {
  const [host, port] = (listening ?? ["127.0.0.1", 8080]) as [string, number];
  const everywhere = host === "0.0.0.0" || host === "::";
  const named = everywhere ? location.hostname : host.includes(":") ? `[${host}]` : host;
  return `${everywhere ? "https" : "http"}://${named}:${port}`;
}

function Clients({ of }: { of: Made }) {
  const status = useLoaded((signal) => ask("get", "/v1/status", { signal }), []);
  const [typed, setTyped] = useState<string | null>(null);
  const gateway = (typed ?? addressOf(status.value?.listening)).replace(/\/+$/, "");
  return (
    <section class="card">
      <h2>Ready for the client</h2>
      <label>
        The gateway's address, as the client reaches it
        <input type="url" value={gateway} spellcheck={false} onInput={(event) => setTyped(event.currentTarget.value)} />
      </label>
      {snippets({ gateway, key: of.key, secret: of.secret, symbols: of.symbols, currency: of.currency }).map((each) => (
        <details key={each.client}>
          <summary>{each.client} <span class="quiet">({each.file})</span></summary>
          <Copy what={`for ${each.client}`} text={each.text} />
          <pre tabIndex={0} aria-label={`${each.client}, ${each.file}`} data-snippet={each.client}>{each.text}</pre>
        </details>
      ))}
    </section>
  );
}
