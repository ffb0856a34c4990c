// Who is affected, and beside each the buttons that stop it: the key, its account, the service that holds it.
import { me } from "../api";
import { Facts, Mark } from "../parts/bits";
import { type Move, Moves } from "../parts/move";
import { Blast } from "../parts/panic";
import { to } from "../router";
import type { Picture } from "./marks";
import { NotMe, WasMe } from "./timeline";

const MOVES: Record<string, Move[]> = {
  active: ["wind-down", "freeze"], pending: ["freeze"], winding_down: ["freeze", "unfreeze"], frozen: ["unfreeze"],
};

/** The newest signal of a key that nobody has answered for. */
function Asked({ of, id, after }: { of: Picture; id: string; after: () => void }) {
  const last = of.timeline.filter((each) => each.key === id && each.alert).at(-1);
  return last?.alert && !last.vouch ? <WasMe alert={last.alert} after={after} /> : null;
}

export function Stops({ of, after }: { of: Picture; after: () => void }) {
  const acts = me.value?.role !== "auditor";
  const operates = me.value?.role === "operator";
  const accounts = [...new Set(of.affected.map((each) => each.account))];
  const services = [...new Set(of.affected.map((each) => each.service))];
  return (
    <section class="card">
      <h2>Who is affected</h2>
      {of.affected.length ? null : <p class="quiet">No key of this gateway.</p>}
      <div class="cards">
        {of.affected.map((each) => (
          <section key={each.key} class="card" aria-label={`Key ${each.key}`}>
            <h3>Key <a class="long" href={to("keys", each.key)}>{each.name || `${each.key.slice(0, 14)}…`}</a> <Mark of={each.state} /></h3>
            <Facts
              of={[
                ["Account", <a href={to("accounts")}>{each.account}</a>],
                ["Owner", each.owner],
                ["Held by", <a href={to("services", each.service)}>{each.service}</a>],
                ["Venue", each.venue],
              ]}
            />
            {acts ? <><Moves kind="keys" id={each.key} moves={MOVES[each.state] ?? []} after={after} /><div class="row"><Asked of={of} id={each.key} after={after} /><NotMe id={each.key} after={after} /></div></> : null}
          </section>
        ))}
        {accounts.map((id) => (
          <section key={id} class="card" aria-label={`Account ${id}`}>
            <h3>Account {id}</h3>
            <Blast of={{ kind: "accounts", id, label: id }} />
            {acts ? <Moves kind="accounts" id={id} moves={["wind-down", "freeze"]} after={after} /> : null}
          </section>
        ))}
        {services.map((id) => (
          <section key={id} class="card" aria-label={`Service ${id}`}>
            <h3>Service <a href={to("services", id)}>{id}</a></h3>
            {operates ? <><Blast of={{ kind: "services", id, label: id }} /><Moves kind="services" id={id} moves={["wind-down", "freeze"]} after={after} /></> : null}
          </section>
        ))}
      </div>
    </section>
  );
}
