// Where a key stands: its account, its service, the secrets it had, and the keys beside it.
import { type Schemas, ask } from "../api";
import { to } from "../router";
import { Mark, Shown, Time, plain, useLoaded } from "./bits";

type Found = Schemas["FoundKey"];
type Row = Schemas["RecordRow"];

const LIFE: Record<string, string> = {
  "key.issue": "issued", "key.rotate": "given another secret", "key.hand-over": "handed to another service",
  "key.canary": "laid as a canary", "native.issue": "issued at the exchange",
};
const SHOWN = 12;

export function Family({ id, account, service }: { id: string; account: string; service: string }) {
  const beside = useLoaded((signal) => ask("get", "/v1/search/keys", { query: { account, limit: 500, order: "created" }, signal }), [id]);
  const life = useLoaded(
    (signal) => ask("get", "/v1/keys/{key}/journal", { path: { key: id }, query: { kind: "act", hours: 8784, limit: 200 }, signal }), [id],
  );
  return (
    <section class="card" aria-labelledby="family">
      <h2 id="family">What it comes from, and what stands beside it</h2>
      <Shown of={beside}>
        {(found) => {
          const others = new Map<string, Found[]>();
          for (const row of found.rows) if (row.id !== id) others.set(row.service, [...(others.get(row.service) ?? []), row]);
          const own = others.get(service) ?? [];
          others.delete(service);
          return (
            <ul class="tree">
              <li>
                account <a href={to("accounts")}>{account}</a>
                <ul>
                  <li>
                    service <a href={to("services", service)}>{service}</a>
                    <ul>
                      <li>
                        <strong>this key</strong>: it keeps its id through every change of its secret
                        <Shown of={life}>{(acts) => <Secrets rows={acts.rows} />}</Shown>
                      </li>
                      {own.slice(0, SHOWN).map((each) => <Beside key={each.id} of={each} />)}
                      {own.length > SHOWN ? <li><a href={`${to("keys")}?account=${encodeURIComponent(account)}&service=${encodeURIComponent(service)}`}>and {own.length - SHOWN} more</a></li> : null}
                    </ul>
                  </li>
                  {[...others].map(([name, keys]) => (
                    <li key={name}>
                      service <a href={to("services", name)}>{name}</a>:{" "}
                      <a href={`${to("keys")}?account=${encodeURIComponent(account)}&service=${encodeURIComponent(name)}`}>{keys.length} {keys.length === 1 ? "key" : "keys"}</a>
                    </li>
                  ))}
                  {found.total > found.rows.length ? <li class="quiet">{(found.total - found.rows.length).toLocaleString()} more keys of this account</li> : null}
                </ul>
              </li>
            </ul>
          );
        }}
      </Shown>
    </section>
  );
}

function Beside({ of }: { of: Found }) {
  return <li><a href={to("keys", of.id)}>{of.name || `${of.id.slice(0, 14)}…`}</a> <Mark of={of.state} /></li>;
}

/** The secrets that a key had, oldest first: only the first was issued, each later one follows the one before. */
function Secrets({ rows }: { rows: Row[] }) {
  const acts = rows.filter((each) => plain(each.record["verb"]) in LIFE);
  if (!acts.length) return <p class="quiet">The journal has no act about it in the last year.</p>;
  return (
    <ol class="life">
      {acts.map((each) => (
        <li key={each.position}>
          {LIFE[plain(each.record["verb"])]} by {plain(each.record["actor"])} <Time at={Number(each.record["at_us"] ?? 0) / 1000} />
          {plain(each.record["reason"]) ? `: ${plain(each.record["reason"])}` : ""} <span class="quiet">journal {each.position}</span>
        </li>
      ))}
    </ol>
  );
}
