// How far the act against a compromised service has come, while it is done; and the proof that it is complete.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { type Answer, ask } from "../api";
import { Said, Shown, Time } from "./bits";
import { usePolled } from "./polled";
import { save } from "./save";

type Standing = Answer<"/v1/services/{id}/compromise", "get">;

export function Progress({ id }: { id: string }) {
  const now = usePolled(
    (signal) => ask("get", "/v1/services/{id}/compromise", { path: { id }, signal }),
    (found) => (found?.done ? null : 500), [id],
  );
  return (
    <Shown of={now}>
      {(found) => (
        <>
          <Steps of={found} />
          {found.position >= 0 ? <Proof service={id} position={found.position} /> : null}
        </>
      )}
    </Shown>
  );
}

function Steps({ of }: { of: Standing }) {
  const keys = Object.values(of.states).reduce((sum, each) => sum + each, 0);
  const stopped = keys - of.opening;
  const natives = of.natives;
  const confirmed = natives.filter((each) => each.confirmed).length;
  return (
    <ol class="steps" aria-live="polite">
      <Step done={of.position >= 0} title="The act is in the journal">
        {of.position >= 0 ? <>record {of.position}, <Time at={of.at} />: {of.reason}</> : "being written"}
      </Step>
      <Step done={of.position >= 0 && of.opening === 0} title={`${stopped.toLocaleString()} of ${keys.toLocaleString()} keys that it holds are stopped`}>
        <progress max={keys || 1} value={stopped} aria-label="Keys that are stopped" />{" "}
        {Object.entries(of.states).map(([state, count]) => `${count.toLocaleString()} ${state.replace(/_/g, " ")}`).join(", ")}
      </Step>
      <Step done={of.in_force >= 0} title={of.in_force >= 0 ? `From record ${of.in_force} on no order of these keys opens anything` : "The gateway has not confirmed it yet"}>
        {of.in_force >= 0 ? "the gateway said so, and it is recorded" : "it reads changes by itself within a second; until then do not count on it"}
      </Step>
      <Step done={of.owners > 0 ? of.told >= of.owners : of.followed} title={`${of.told} of ${of.owners} ${of.owners === 1 ? "owner has" : "owners have"} their notice`}>
        <progress max={of.owners || 1} value={of.told} aria-label="Owners who have their notice" />
      </Step>
      {natives.length ? (
        <Step done={confirmed === natives.length} title={`${confirmed} of ${natives.length} native keys: their exchange confirmed it`}>
          {natives.filter((each) => !each.confirmed).slice(0, 5).map((each) => <span key={each.id}>{each.id} on {each.account}: asked, not confirmed; {each.at_exchange}. </span>)}
        </Step>
      ) : null}
    </ol>
  );
}

function Step({ done, title, children }: { done: boolean; title: string; children?: ComponentChildren }) {
  return (
    <li class={done ? "done" : "doing"}>
      <span class={`mark ${done ? "good" : "care"}`}>{done ? "done" : "under way"}</span>
      <span><strong>{title}</strong><br /><span class="quiet">{children}</span></span>
    </li>
  );
}

type Verdict = Answer<"/v1/journal/{position}/act", "get">;

/** The act is worked out again from the journal alone, by the same lines as the stand-alone program. */
function Proof({ service, position }: { service: string; position: number }) {
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  async function work() {
    setBusy(true);
    setError(null);
    try {
      setVerdict(await ask("get", "/v1/journal/{position}/act", { path: { position } }));
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
  }

  async function download() {
    setError(null);
    try {
      const proof = await ask("get", "/v1/journal/{position}/proof", { path: { position } });
      save(`bailiwick-act-${service}-${position}.txt`, [
        ...(verdict?.lines ?? []), ...(verdict?.faults ?? []).map((each) => `FAULT: ${each}`), "",
        "Worked out from the journal alone. Whoever has a copy of it does the same, without this machine:",
        `  python -m bailiwick.journal.verify_act DIRECTORY ${position} --key '${proof.journal_key}'`, "",
        "That the record of the act stands in the journal (python -m bailiwick.journal.verify_proof):", "", proof.proof,
      ].join("\n"));
    } catch (failed) {
      setError(failed);
    }
  }

  return (
    <div class="proof">
      <div class="row">
        <button onClick={work} disabled={busy}>{busy ? "Reading the journal…" : "Work out whether it is complete"}</button>
        {verdict ? <button class="main" onClick={download}>Save the proof</button> : null}
      </div>
      <Said error={error} />
      {verdict ? (
        <div role="status">
          <p><span class={`mark ${verdict.proven ? "good" : "care"}`}>{verdict.proven ? "proven" : "not proven"}</span></p>
          <pre tabIndex={0}>{[...verdict.lines, ...(verdict.faults ?? [])].join("\n")}</pre>
        </div>
      ) : null}
    </div>
  );
}
