// The one panic control: what, how far it reaches, and then wind down or freeze.
import { useState } from "preact/hooks";
import { type Answer, ask, me } from "../api";
import { Dialog } from "./dialog";
import { Facts, Said, Shown, useLoaded } from "./bits";
import { type Kind, MEANS, move } from "./move";

type Target = { kind: Kind; id: string; label: string };

export function Panic() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button class="stop large" onClick={() => setOpen(true)}>Stop trading…</button>
      {open ? <Chosen onClose={() => setOpen(false)} /> : null}
    </>
  );
}

async function targets(signal: AbortSignal): Promise<Target[]> {
  const operator = me.value?.role === "operator";
  const accounts = await ask("get", "/v1/accounts", { signal });
  const found = accounts.rows.map((row) => ({
    kind: "accounts" as const, id: String(row["id"]), label: `Account ${String(row["id"])} (${String(row["owner"])})`,
  }));
  if (!operator) return found;
  const [services, venues] = await Promise.all([
    ask("get", "/v1/services", { signal }),
    ask("get", "/v1/venues", { signal }),
  ]);
  return [
    { kind: "venues", id: "*", label: "Everything" },
    ...venues.rows.map((row) => ({ kind: "venues" as const, id: String(row["id"]), label: `Venue ${String(row["id"])}` })),
    ...services.rows.map((row) => ({
      kind: "services" as const, id: String(row["id"]), label: `Service ${String(row["id"])}`,
    })),
    ...found,
  ];
}

function Chosen({ onClose }: { onClose: () => void }) {
  const choices = useLoaded(targets, []);
  const [chosen, setChosen] = useState(0);
  const [error, setError] = useState<unknown>(null);
  const [said, setSaid] = useState("");
  const [busy, setBusy] = useState(false);
  const target = choices.value?.[chosen];

  async function stop(to: "freeze" | "wind-down") {
    if (!target || !choices.value) return;
    setBusy(true);
    setError(null);
    const began = performance.now();
    try {
      const all = target.id === "*" ? choices.value.filter((each) => each.kind === "venues" && each.id !== "*") : [target];
      const done = await Promise.all(all.map((each) => move(each.kind, each.id, to, "stopped in the console")));
      const force = done.every((each) => each.in_force || each.nothing);
      const took = ((performance.now() - began) / 1000).toFixed(2);
      setSaid(`${target.label}: ${to === "freeze" ? "frozen" : "winding down"}${force ? `, in force after ${took} s` : ", written; the gateway has not confirmed it yet"}.`);
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
  }

  return (
    <Dialog title="Stop trading" onClose={onClose}>
      {said ? (
        <>
          <p class="said good" role="status">{said}</p>
          <button onClick={onClose}>Close</button>
        </>
      ) : (
        <>
          <Shown of={choices}>
            {(found) => (
              <label>
                What
                <select value={chosen} onChange={(event) => setChosen(Number(event.currentTarget.value))}>
                  {found.map((each, place) => <option key={each.kind + each.id} value={place}>{each.label}</option>)}
                </select>
              </label>
            )}
          </Shown>
          {target ? <Blast key={target.kind + target.id} of={target} /> : null}
          <Said error={error} />
          {target ? (
            <div class="choices">
              <button class="stop" disabled={busy} onClick={() => stop("wind-down")}>Wind down</button>
              <p>{MEANS["wind-down"][target.kind]}</p>
              <button class="stop" disabled={busy} onClick={() => stop("freeze")}>Freeze</button>
              <p>{MEANS.freeze[target.kind]}</p>
            </div>
          ) : null}
          <button onClick={onClose}>Leave it</button>
        </>
      )}
    </Dialog>
  );
}

function Blast({ of }: { of: Target }) {
  const found = useLoaded(async (signal): Promise<[string, string][]> => {
    if (of.kind === "services") return reach(await ask("get", "/v1/services/{id}/reach", { path: { id: of.id }, signal }));
    const query = of.kind === "accounts" ? { account: of.id, limit: 1 } : { limit: 1 };
    const keys = await ask("get", "/v1/search/keys", { query, signal });
    return [["Keys", statesOf(keys.states)]];
  }, [of.id]);
  return <Shown of={found}>{(facts) => <Facts of={facts} />}</Shown>;
}

function statesOf(states: Record<string, number>): string {
  const parts = Object.entries(states).map(([state, count]) => `${count} ${state.replace(/_/g, " ")}`);
  return parts.join(", ") || "none";
}

export function reach(found: Answer<"/v1/services/{id}/reach", "get">): [string, string][] {
  return [
    ["Keys", statesOf(found.keys)],
    ["Accounts", `${found.accounts.length} of ${found.owners} ${found.owners === 1 ? "owner" : "owners"}`],
    ["Open orders", found.open_orders === null || found.open_orders === undefined ? "not known" : String(found.open_orders)],
    ["Worst loss of a day", found.worst.map((each) => Object.values(each).join(" ")).join("; ") || "none"],
    ["Last used", found.last_used ?? "never"],
    ["Note", found.notes?.join(" ") ?? ""],
  ];
}
