// As what the service holds the key: of the gateway, or of the exchange itself; what each protects, and what not.
import { useEffect } from "preact/hooks";
import { Said } from "../parts/bits";
import { type Way, change, draft, goTo } from "./draft";
import { reads } from "./kinds";
import { useReckoning } from "./reckoning";
import { Worst } from "./worst";

const TITLES: Record<string, string> = {
  gateway: "A key of the gateway",
  native: "A key of the exchange itself (native)",
};
const FITS: Record<string, string> = {
  yes: "this service can use it", no: "this service cannot use it", unknown: "not known whether it can",
};

export function Protection() {
  const { of, error } = useReckoning();
  const { way, kind } = draft.value;
  const ways = of?.ways ?? [];
  useEffect(() => {
    const own = ways.find((each) => each.way === "gateway");
    const other = ways.find((each) => each.way === "native");
    // The weaker one is taken by itself only where the other cannot be; where nobody knows, a person chooses.
    if (own?.fits === "no" && way !== "native") change({ way: other?.fits === "yes" ? "native" : "" });
    else if (!way && own?.fits === "yes") change({ way: "gateway" });
  }, [ways]);
  if (error) return <Said error={error} />;
  if (!of) return <p class="waiting" role="status">Loading…</p>;
  return (
    <form onSubmit={(event) => { event.preventDefault(); goTo("review"); }}>
      <fieldset class="card">
        <legend>Can {draft.value.service} send to another address?</legend>
        <p>{of.pointing}</p>
        <div class="kinds">
          {ways.map((each) => (
            <label class="kind" key={each.way}>
              <input type="radio" name="way" value={each.way} required checked={way === each.way} disabled={each.fits === "no"}
                onChange={() => change({ way: each.way as Way })} />
              <span><strong>{TITLES[each.way]}</strong> <span class={`fits ${each.fits}`}>{FITS[each.fits]}</span></span>
              <span>Protects: {each.protects}</span>
              <span>Mind: {each.leaves}</span>
              <span class="thief">
                A thief takes {reads(kind) ? "nothing by trading; he can read" : `at most ${each.worst}`}.
              </span>
            </label>
          ))}
        </div>
      </fieldset>
      {way === "gateway" ? <OwnPair /> : null}
      {way === "native" ? <SubAccount /> : null}
      <Worst native={way === "native"} />
      <div class="row">
        <button type="button" onClick={() => goTo("limits")}>Back</button>
        <button type="submit" class="main">Next: review</button>
      </div>
    </form>
  );
}

function OwnPair() {
  const given = draft.value.publicKey;
  return (
    <details class="card" open={Boolean(given)}>
      <summary>The client has a key pair of its own (Ed25519 or RSA)</summary>
      <label>
        Its public key in PEM; empty for a secret
        <textarea class="code" rows={4} value={given} spellcheck={false} placeholder="-----BEGIN PUBLIC KEY-----"
          aria-describedby="about-pair" onInput={(event) => change({ publicKey: event.currentTarget.value })} />
      </label>
      <p id="about-pair" class="thief">
        {given
          ? "A thief would have to take the private key from the client: here is none, and nothing is shown."
          : "A thief who reads the secret from the client's settings can sign as it; a private key can be kept better."}
      </p>
    </details>
  );
}

function SubAccount() {
  const { email, native } = draft.value;
  return (
    <section class="card">
      <p class="said care">The limits chosen before do not bind a native key: the exchange knows none.</p>
      <label>
        E-mail of the sub-account at the exchange
        <input type="email" required value={email} autocomplete="off" onInput={(event) => change({ email: event.currentTarget.value.trim() })} />
      </label>
      <p class="thief">A thief could lose all that this sub-account holds: keep little in it, and other services out of it.</p>
      {draft.value.choices?.networks.length ? null : (
        <p class="thief">No address is named: the exchange binds it to none, and a thief could use it from anywhere.</p>
      )}
      <label>
        A name for the key (lower-case letters, digits, -)
        <input required value={native} pattern="[a-z0-9][a-z0-9_\-]{0,39}" autocomplete="off" spellcheck={false}
          onInput={(event) => change({ native: event.currentTarget.value.trim() })} />
      </label>
    </section>
  );
}
