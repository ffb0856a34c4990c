// The money that is at risk, and how everything is: two cards that somebody reads in a hurry.
import { type Answer, ask, me } from "../api";
import { to } from "../router";
import { Mark, Shown } from "./bits";
import { usePolled } from "./polled";

type Found = NonNullable<Answer<"/v1/doctor", "get">["findings"]>;

export function Money() {
  const money = usePolled((signal) => ask("get", "/v1/money-at-risk", { signal }), () => 10_000, []);
  return (
    <section class="card" aria-labelledby="money">
      <h2 id="money">Money at risk</h2>
      <Shown of={money}>
        {(found) => {
          const opening = (found.keys["active"] ?? 0) + (found.keys["pending"] ?? 0);
          return (
            <>
              {found.bounded.map((each) => (
                <p key={each.currency} class="sum">{amount(each.most)} <span class="unit">{each.currency}</span></p>
              ))}
              {found.worst.length ? null : <p class="sum">0</p>}
              {found.unbounded ? (
                <p class="said bad">
                  <strong>Unbounded{found.bounded.length ? " besides" : ""}:</strong>{" "}
                  <a href={`${to("keys")}?unbounded=1`}>{found.unbounded.toLocaleString()} {found.unbounded === 1 ? "key" : "keys"}</a> may lose
                  all that the account holds.
                </p>
              ) : null}
              <p class="quiet">
                {opening
                  ? `At worst, in a day, by trading, of ${opening.toLocaleString()} ${opening === 1 ? "key that opens" : "keys that open"} something.`
                  : "No key opens anything now."}
                {found.beyond?.length ? ` Some may also ${found.beyond.join(", ")}, which no figure counts.` : ""}
              </p>
            </>
          );
        }}
      </Shown>
    </section>
  );
}

function amount(text: string): string {
  const number = Number(text);
  return Number.isFinite(number) ? number.toLocaleString(undefined, { maximumFractionDigits: 2 }) : text;
}

const RANK: Record<string, number> = { error: 0, warning: 1, fine: 2 };
const LOOK: Record<string, string> = { error: "bad", warning: "care", fine: "good" };

export function Health() {
  const house = me.value?.role !== "owner";
  const status = usePolled((signal) => ask("get", "/v1/status", { signal }), () => 5_000, []);
  const doctor = usePolled(
    async (signal) => (house ? ((await ask("get", "/v1/doctor", { signal })).findings ?? []) : []), () => (house ? 15_000 : null), [],
  );
  return (
    <section class="card" aria-labelledby="health">
      <h2 id="health">Health</h2>
      <Shown of={status}>
        {(found) => (
          <>
            <p>
              <span class={`mark ${found.ready ? "good" : "bad"}`}>{found.ready ? "serving" : "not serving"}</span>{" "}
              {found.ready ? "" : found.detail} {found.keys.toLocaleString()} keys in force,{" "}
              {found.position.toLocaleString()} records in the journal, version {found.version}
            </p>
          </>
        )}
      </Shown>
      {house ? <Shown of={doctor}>{(found) => <Findings of={found} />}</Shown> : null}
    </section>
  );
}

function Findings({ of }: { of: Found }) {
  const sorted = [...of].sort((a, b) => (RANK[a.severity] ?? 0) - (RANK[b.severity] ?? 0));
  const wrong = sorted.filter((each) => each.severity !== "fine");
  const fine = sorted.filter((each) => each.severity === "fine");
  return (
    <>
      {wrong.length ? (
        <ul class="plain findings">
          {wrong.map((each) => (
            <li key={each.subject + each.sentence}>
              <span class={`mark ${LOOK[each.severity] ?? ""}`}>{each.subject}</span> {each.sentence}
              {each.remedy ? <p class="quiet">{each.remedy}</p> : null}
            </li>
          ))}
        </ul>
      ) : <p><Mark of="in force" /> All {fine.length} things that were looked at are as they must be.</p>}
      <details>
        <summary>{fine.length} that are fine</summary>
        <ul class="plain">{fine.map((each) => <li key={each.subject + each.sentence}><strong>{each.subject}</strong>: {each.sentence}</li>)}</ul>
      </details>
    </>
  );
}
