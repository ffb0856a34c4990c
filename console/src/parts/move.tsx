// Freezing, winding down, revoking, undoing: what each means stands beside the button before it is pressed.
import { useState } from "preact/hooks";
import { type Answer, ask } from "../api";
import { Dialog } from "./dialog";
import { Said } from "./bits";

export type Kind = "keys" | "accounts" | "services" | "venues";
export type Move = "freeze" | "wind-down" | "revoke" | "unfreeze";

const WORDS: Record<Move, string> = {
  freeze: "Freeze",
  "wind-down": "Wind down",
  revoke: "Revoke",
  unfreeze: "Undo the freeze",
};

const NOUN: Record<Kind, string> = { keys: "key", accounts: "account", services: "service", venues: "venue" };

export const MEANS: Record<Move, Record<Kind, string>> = {
  freeze: {
    keys: "It may only read. Orders that rest stay at the venue, stops too. A person can undo it.",
    accounts: "Its keys may only read. Orders that rest stay at the venue, stops too. A person can undo it.",
    services: "Its keys may only cancel, read and reduce. A person can undo it.",
    venues: "The keys of all its accounts may only read. Orders that rest stay, stops too. A person can undo it.",
  },
  "wind-down": {
    keys: "It can cancel, read and reduce, and opens nothing. Stops that protect a position stay. A person can undo it.",
    accounts: "Its keys can cancel, read and reduce, and open nothing. Stops that protect a position stay.",
    services: "Its keys can cancel, read and reduce, and open nothing. Stops that protect a position stay.",
    venues: "The keys of all its accounts can cancel, read and reduce, and open nothing.",
  },
  revoke: {
    keys: "It never returns. Orders that rest stay at the venue: cancel them first. Nobody can undo it.",
    accounts: "Its keys are revoked and its credential is destroyed here. Nobody can undo it.",
    services: "It counts as compromised, and all its keys are revoked in one act. Nobody can undo it.",
    venues: "Its accounts are revoked. Nobody can undo it.",
  },
  unfreeze: {
    keys: "What the freeze held back works again at once, within what the grant allows.",
    accounts: "What the freeze held back works again at once, within what each grant allows.",
    services: "What the freeze held back works again at once, within what each grant allows.",
    venues: "What the freeze held back works again at once, within what each grant allows.",
  },
};

export function move(kind: Kind, id: string, to: Move, reason: string): Promise<Answer<"/v1/keys/{id}/freeze", "post">> {
  return ask("post", `/v1/${kind}/{id}/${to}` as "/v1/keys/{id}/freeze", { path: { id }, body: { reason }, again: to === "unfreeze" });
}

export function Moves({ kind, id, moves, after }: { kind: Kind; id: string; moves: Move[]; after: () => void }) {
  const [asked, setAsked] = useState<Move | null>(null);
  const [reason, setReason] = useState("");
  const [said, setSaid] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  async function act() {
    if (!asked) return;
    setBusy(true);
    setError(null);
    try {
      const answer = await move(kind, id, asked, reason);
      const force = answer.in_force ? "in force" : "written; the gateway has not confirmed it yet";
      setSaid(answer.nothing ? "Nothing to change." : `Done, ${force} (journal ${answer.position}).`);
      setAsked(null);
      after();
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
  }

  return (
    <div class="moves">
      <div class="row">
        {moves.map((each) => (
          <button key={each} class={each === "unfreeze" ? "" : "stop"} onClick={() => { setError(null); setAsked(each); }}>
            {WORDS[each]}
          </button>
        ))}
      </div>
      {said ? <p class="said good" role="status">{said}</p> : null}
      {asked ? (
        <Dialog title={`${WORDS[asked]}: ${NOUN[kind]} ${id}`} onClose={() => setAsked(null)}>
          <p>{MEANS[asked][kind]}</p>
          <label>
            Why (written in the journal)
            <input value={reason} onInput={(event) => setReason(event.currentTarget.value)} maxLength={500} />
          </label>
          <Said error={error} />
          <div class="row">
            <button class={asked === "unfreeze" ? "main" : "stop"} onClick={act} disabled={busy}>{WORDS[asked]}</button>
            <button onClick={() => setAsked(null)}>Leave it</button>
          </div>
        </Dialog>
      ) : null}
    </div>
  );
}
