// The one panic control: what, how far it reaches, and then wind down or freeze.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type Answer, ask, me } from "../api";
import { Dialog } from "./dialog";
import { Facts, Said, Shown, Time, useLoaded } from "./bits";
import { type Kind, MEANS, move } from "./move";

export type Target = { kind: Kind; id: string; label: string };
type Fact = [string, ComponentChildren];
type Money = Answer<"/v1/money-at-risk", "get">;

const ALL = "*";
const PICK = "?";

/** `of` names what it stops; without, the person chooses. Two clicks: this button, and what is to be done. */
export function Panic({ of, after }: { of?: Target; after?: () => void }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button class="stop large" onClick={() => setOpen(true)}>{of ? "Stop this key…" : "Stop trading…"}</button>
      {open ? <Chosen of={of} onClose={() => { setOpen(false); after?.(); }} /> : null}
    </>
  );
}

async function targets(signal: AbortSignal): Promise<Target[]> {
  const accounts = await ask("get", "/v1/accounts", { query: { limit: 1000 }, signal });
  const found = accounts.rows.map((row) => ({
    kind: "accounts" as const, id: String(row["id"]), label: `Account ${String(row["id"])} (${String(row["owner"])})`,
  }));
  const key = { kind: "keys" as const, id: PICK, label: "A key…" };
  if (me.value?.role !== "operator") {
    return [...(found.length ? [{ kind: "accounts" as const, id: ALL, label: "Everything: all your accounts" }] : []), ...found, key];
  }
  const [services, venues] = await Promise.all([
    ask("get", "/v1/services", { query: { limit: 1000 }, signal }),
    ask("get", "/v1/venues", { query: { limit: 1000 }, signal }),
  ]);
  return [
    { kind: "venues", id: ALL, label: "Everything" },
    ...venues.rows.map((row) => ({ kind: "venues" as const, id: String(row["id"]), label: `Venue ${String(row["id"])}` })),
    ...services.rows.map((row) => ({ kind: "services" as const, id: String(row["id"]), label: `Service ${String(row["id"])}` })),
    ...found,
    key,
  ];
}

function Chosen({ of, onClose }: { of: Target | undefined; onClose: () => void }) {
  const choices = useLoaded(async (signal) => (of ? [of] : targets(signal)), []);
  const [chosen, setChosen] = useState(0);
  const [picked, setPicked] = useState<Target | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [said, setSaid] = useState("");
  const [busy, setBusy] = useState(false);
  const at = choices.value?.[chosen];
  const target = at?.id === PICK ? picked : at;

  async function stop(to: "freeze" | "wind-down") {
    if (!target || !choices.value) return;
    setBusy(true);
    setError(null);
    const began = performance.now();
    try {
      const all = target.id === ALL
        ? choices.value.filter((each) => each.kind === target.kind && each.id !== ALL && each.id !== PICK) : [target];
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
    <Dialog title={of ? `Stop ${of.label}` : "Stop trading"} onClose={onClose}>
      {said ? (
        <>
          <p class="said good" role="status">{said}</p>
          <button onClick={onClose}>Close</button>
        </>
      ) : (
        <>
          {of ? null : (
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
          )}
          {at?.id === PICK ? <Pick onPicked={setPicked} picked={picked} /> : null}
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

function Pick({ onPicked, picked }: { onPicked: (target: Target) => void; picked: Target | null }) {
  const [text, setText] = useState("");
  const [sought, setSought] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setSought(text), 200);
    return () => clearTimeout(timer);
  }, [text]);
  const found = useLoaded(
    (signal) => ask("get", "/v1/search/keys", { query: { text: sought, order: "last_used", descending: true, limit: 5 }, signal }), [sought],
  );
  return (
    <>
      <label>Part of its id or name <input type="search" value={text} onInput={(event) => setText(event.currentTarget.value)} /></label>
      <Shown of={found}>
        {(keys) => (
          <fieldset class="picks">
            <legend>Which key (the last used first)</legend>
            {keys.rows.length ? keys.rows.map((each) => (
              <label key={each.id}>
                <input type="radio" name="which" checked={picked?.id === each.id}
                  onChange={() => onPicked({ kind: "keys", id: each.id, label: `Key ${each.name || each.id.slice(0, 14) + "…"}` })} />{" "}
                {each.name} <code>{each.id.slice(0, 14)}…</code> {each.account}, {each.service}, {each.state.replace(/_/g, " ")}
              </label>
            )) : <p>No key is like that.</p>}
          </fieldset>
        )}
      </Shown>
    </>
  );
}

/** How far it reaches, and what could be lost by it. */
export function Blast({ of }: { of: Target }) {
  const found = useLoaded(async (signal): Promise<Fact[]> => {
    if (of.kind === "services") return reach(await ask("get", "/v1/services/{id}/reach", { path: { id: of.id }, signal }));
    const only = of.id === ALL ? {} : of.kind === "keys" ? { key: of.id } : of.kind === "accounts" ? { account: of.id } : { venue: of.id };
    const [money, use] = await Promise.all([
      ask("get", "/v1/money-at-risk", { query: only, signal }),
      of.kind === "keys" ? ask("get", "/v1/keys/{key}/use", { path: { key: of.id }, signal }).catch(() => null) : Promise.resolve(null),
    ]);
    return [
      ["Keys", statesOf(money.keys)],
      ["Accounts", of.kind === "keys" ? "" : `${money.accounts} of ${money.owners} ${money.owners === 1 ? "owner" : "owners"}`],
      ["Services", of.kind === "keys" ? "" : String(money.services)],
      ["Worst loss of a day", worst(money)],
      ["Open orders", use ? `${use.open_orders?.length ?? 0}: ${(use.open_orders ?? []).slice(0, 3).map((each) => `${each.side} ${each.quantity} ${each.symbol}`).join(", ") || "none"}` : ""],
      ["Bought and not sold", use ? (use.holdings ?? []).map((each) => `${each.quantity} ${each.asset}`).join(", ") || "nothing" : ""],
    ];
  }, [of.id]);
  return <Shown of={found}>{(facts) => <Facts of={facts} />}</Shown>;
}

export function worst(money: Money): string {
  const said = money.worst.map((each) => (each.most === "unbounded" ? `unbounded (${each.currency})` : `${each.most} ${each.currency}`));
  if (money.beyond?.length) said.push(`and ${money.beyond.join(", ")}, which no figure counts`);
  return said.join("; ") || "nothing: no key of it opens anything";
}

function statesOf(states: Record<string, number>): string {
  const parts = Object.entries(states).map(([state, count]) => `${count} ${state.replace(/_/g, " ")}`);
  return parts.join(", ") || "none";
}

export function reach(found: Answer<"/v1/services/{id}/reach", "get">): Fact[] {
  return [
    ["Keys", statesOf(found.keys)],
    ["Accounts", `${found.accounts.length} of ${found.owners} ${found.owners === 1 ? "owner" : "owners"}`],
    ["Open orders", found.open_orders === null || found.open_orders === undefined ? "not known" : String(found.open_orders)],
    ["Worst loss of a day", found.worst.map((each) => `${each.most} ${each.currency}${each.unbounded_keys ? ` (${each.unbounded_keys} without a bound)` : ""}`).join("; ") || "none"],
    ["Last used", <Time at={found.last_used} />],
    ["Note", found.notes?.join(" ") ?? ""],
  ];
}
