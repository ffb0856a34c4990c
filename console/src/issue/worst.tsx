// The worst loss of a day, always in view while limits are chosen.
import { draft } from "./draft";
import { reads } from "./kinds";
import { reckoning } from "./reckoning";

function worstWords(native: boolean): string {
  const { of } = reckoning.value;
  if (native && !reads(draft.value.kind)) return "all that the sub-account holds";
  if (!of) return "…";
  if (of.worst) return of.worst.most === "unbounded" ? "unbounded" : `${of.worst.most} ${of.worst.currency}`;
  return reads(draft.value.kind) ? `nothing by trading: it only reads` : "nothing by trading";
}

/** ``native`` says that the exchange keeps the key, to which none of the limits apply. */
export function Worst({ native = false }: { native?: boolean }) {
  const { of, busy } = reckoning.value;
  const daily = !native && of?.worst && of.worst.most !== "unbounded";
  const wrong = of?.wrong ?? [];
  return (
    <aside class={`worst ${wrong.length ? "bad" : ""}`} aria-label="Worst loss of a day">
      <p role="status" aria-busy={busy}>
        {!native && wrong.length ? "What it loses at worst is not known while something is wrong." : (
          <>At worst it loses <strong>{worstWords(native)}</strong>{daily ? " a day" : ""}.</>
        )}
      </p>
      {wrong.filter((each) => each.field === "grant" || each.field === "service").map((each) => (
        <p class="wrong" key={each.sentence}>Not so: {each.field}: {each.sentence}; {each.remedy}.</p>
      ))}
      {!native && of?.worst?.most === "unbounded" ? <p class="wrong">Nothing ends it: name what it may trade in a day.</p> : null}
    </aside>
  );
}
