// An act in words, out of the very text that is sent: what it is, what it is about, and every field of it.
import type { Act } from "../again";
import { plain } from "./bits";

const DONE: Record<string, string> = {
  "POST /v1/keys": "Issue a key",
  "PATCH /v1/keys/{id}": "Change a key",
  "POST /v1/keys/{id}/secret": "Give a key another secret",
  "POST /v1/keys/{id}/suspect": "Suspect a key",
  "POST /v1/natives": "Have the exchange make a native key",
  "POST /v1/natives/register": "Enter a native key",
  "POST /v1/services/{id}/restore": "Give keys of a compromised service back",
  "POST /v1/services/{id}/networks": "Accept a service's networks",
  "PATCH /v1/services/{id}": "Change a service",
  "PATCH /v1/accounts/{id}": "Change an account",
  "POST /v1/accounts/{id}/credential": "Change an account's own key",
  "POST /v1/venues": "Add an exchange",
  "PATCH /v1/venues/{id}": "Change how an exchange is reached",
  "POST /v1/approvals/{id}/approve": "Let this request pass, once",
  "POST /v1/alerts/{id}/vouch": "Say that this was you",
  "POST /v1/incidents/{id}/close": "Close an incident",
  "POST /v1/owners/{name}/channels": "Tell an owner over one more channel",
  "POST /v1/owners/{name}/channels/remove": "Tell an owner no more over a channel",
  "POST /v1/owners/{name}/telegram": "Make a code for Telegram",
  "POST /v1/people/{name}/link": "Make a way in for somebody",
  "POST /v1/tokens": "Issue a token",
  "POST /v1/backups": "Write a backup",
  "POST /v1/session/passkeys/ask": "Add a passkey to yours",
  "POST /v1/session/passkeys/remove": "Remove a passkey of yours",
};
const KINDS: Record<string, string> = { keys: "key", accounts: "account", services: "service", venues: "exchange", natives: "native key" };
const HIDDEN = new Set(["secret", "password", "passphrase", "link", "seed"]);
const MARKS = new Set(["seen"]); // says which state the act is meant for; nobody reads it

export type Said = { title: string; facts: [string, string][]; long: [string, string][] };

/** What is confirmed. Nothing that is sent is left out but secrets, which are named. */
export function saying(act: Act): Said {
  const about = Object.values(act.place).join(" ");
  const facts: [string, string][] = about ? [["About", about]] : [];
  const long: [string, string][] = [];
  for (const [name, value] of fieldsOf(act.body)) {
    const text = HIDDEN.has(name.split(".").at(-1) ?? "") ? "given, not shown" : plain(value);
    if (MARKS.has(name) || text === "" || text === "false") continue;
    (text.includes("\n") ? long : facts).push([name.replaceAll("_", " "), text]);
  }
  return { title: titleOf(act), facts, long };
}

function titleOf({ method, route }: Act): string {
  const known = DONE[`${method} ${route}`];
  if (known) return known;
  const [, kind = "", does = ""] = /^\/v1\/(\w+)\/\{id\}\/(unfreeze|wind-down)$/.exec(route) ?? [];
  if (does && KINDS[kind]) return does === "unfreeze" ? `Undo the freeze of this ${KINDS[kind]}` : `Wind down this ${KINDS[kind]}, which is stopped`;
  return `${method} ${route}`;
}

function fieldsOf(body: string | undefined): [string, unknown][] {
  const sent: unknown = body === undefined ? {} : JSON.parse(body);
  return Object.entries(sent as Record<string, unknown>).flatMap(([name, value]): [string, unknown][] =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.entries(value).map(([inner, each]): [string, unknown] => [`${name}.${inner}`, each])
      : [[name, value]],
  );
}
