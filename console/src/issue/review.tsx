// The last look: what it may do in sentences, what it can lose, and then the key itself.
import { useState } from "preact/hooks";
import { ask } from "../api";
import { Facts, Said } from "../parts/bits";
import { change, draft, drop, goTo } from "./draft";
import { KINDS, reads } from "./kinds";
import { reckoning, useReckoning } from "./reckoning";
import type { Made } from "./secret";
import { Worst } from "./worst";

async function issue(): Promise<Made> {
  const { account, service, kind, name, reason, way, email, native, publicKey, choices } = draft.value;
  const currency = reckoning.value.of?.currency ?? "";
  const symbols = choices?.symbols ?? [];
  if (way === "native") {
    const addresses = (choices?.networks ?? []).map((each) => each.replace(/\/(32|128)$/, ""));
    const made = await ask("post", "/v1/natives", {
      body: { id: native, account, email, service, symbols, reason, trades: !reads(kind), addresses, unbound: !addresses.length },
      again: true,
    });
    const key = String(made.values["api_key"] ?? "");
    return { way, id: native, key, secret: made.secret ?? null, notes: made.notes ?? [], symbols, currency };
  }
  const grant = reckoning.value.of?.grant ?? draft.value.grant;
  const body = { account, service, grant, name, reason, public_key: publicKey };
  const made = await ask("post", "/v1/keys", { body, again: true });
  return { way: "gateway", id: made.id, key: made.id, secret: made.secret ?? null, notes: made.notes ?? [], symbols, currency };
}

export function Review({ onMade }: { onMade: (made: Made) => void }) {
  const { of, error } = useReckoning();
  const [failed, setFailed] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  if (error) return <Said error={error} />;
  if (!of) return <p class="waiting" role="status">Loading…</p>;
  const { kind, service, account, way, name, reason } = draft.value;
  const wrong = (of.wrong ?? []).filter((each) => way !== "native" || each.field === "service");

  async function confirmed(event: Event) {
    event.preventDefault();
    setBusy(true);
    setFailed(null);
    try {
      onMade(await issue());
      drop();
    } catch (refused) {
      setFailed(refused);
      setBusy(false);
    }
  }

  return (
    <form onSubmit={confirmed}>
      <section class="card">
        <h3>{way === "native" ? "A native key, past the gateway" : "What it may do, and no more"}</h3>
        <Facts of={[
          ["For", KINDS.find((each) => each.name === kind)?.title ?? kind],
          ["Service", service],
          ["Account", account],
          ["Sub-account", way === "native" ? draft.value.email : ""],
        ]} />
        {way === "native" ? (
          <p class="said care">
            It {reads(kind) ? "reads" : "trades and reads"} for its sub-account, and the exchange keeps it to its
            addresses alone. It detects, and does not hold: at worst it loses all that the sub-account holds.
          </p>
        ) : (
          <ul>{of.sentences?.map((each) => <li key={each}>{each}</li>)}</ul>
        )}
        {of.notes?.map((each) => <p class="said care" key={each}>{each}</p>)}
        {wrong.map((each) => (
          <p class="said bad" key={each.field + each.sentence}>
            {each.field.replace(/_/g, " ")}: {each.sentence}; {each.remedy}. <button type="button" onClick={() => goTo("limits")}>Mend it</button>
          </p>
        ))}
      </section>
      <section class="card">
        {way === "native" ? null : (
          <label>
            A name, to know it again by
            <input value={name} onInput={(event) => change({ name: event.currentTarget.value })} maxLength={200} />
          </label>
        )}
        <label>
          Why (written in the journal)
          <input value={reason} onInput={(event) => change({ reason: event.currentTarget.value })} maxLength={500} />
        </label>
        <Said error={failed} />
      </section>
      <Worst native={way === "native"} />
      <div class="row">
        <button type="button" onClick={() => goTo("protection")}>Back</button>
        <button type="submit" class="main large" disabled={busy || wrong.length > 0 || !way}>Issue this key</button>
      </div>
      {way ? null : <p class="wrong">Choose first how it is protected.</p>}
    </form>
  );
}
