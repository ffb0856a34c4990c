// The draft of a key: what was chosen so far. It survives a reload in this tab; a secret is never part of it.
import { signal } from "@preact/signals";
import { type Schemas, me } from "../api";
import { go, place, to } from "../router";

export type Choices = Required<Schemas["Choices"]>;
export type Reckoned = Schemas["DraftAnswer"];
export type Way = "" | "gateway" | "native";

export type Draft = {
  kind: string;
  service: string;
  account: string;
  /** The grant that the choices stand in the place of: TOML, as it was proposed or written. */
  grant: string;
  choices: Choices | null;
  /** Why each choice was proposed, by its field. */
  reasons: Record<string, string>;
  past: string;
  /** How often the choices were drawn from somewhere else than the fields. */
  drawn: number;
  way: Way;
  email: string;
  native: string;
  publicKey: string;
  name: string;
  reason: string;
};

export const STEPS = [
  ["purpose", "Who and what for"],
  ["account", "Account"],
  ["limits", "What it may do"],
  ["protection", "Protection"],
  ["review", "Review"],
] as const;
export type Step = (typeof STEPS)[number][0];

const EMPTY: Draft = {
  kind: "", service: "", account: "", grant: "", choices: null, reasons: {}, past: "", drawn: 0, way: "", email: "", native: "",
  publicKey: "", name: "", reason: "",
};
const KEPT = "draft of a key";

function read(): Draft {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}") as Partial<Draft> & { of?: string };
    return { ...EMPTY, ...(kept.of === me.value?.name ? kept : {}) };
  } catch {
    return EMPTY;
  }
}

export const draft = signal<Draft>(EMPTY);

/** Take up the draft of this tab, and what the address says of it: an address that was passed on begins a draft. */
export function takeUp(): void {
  const kept = read();
  const query = place.value.query;
  const named = { kind: query.get("kind"), service: query.get("service"), account: query.get("account") };
  const other = Object.entries(named).some(([name, value]) => value !== null && value !== kept[name as keyof Draft]);
  draft.value = other
    ? { ...EMPTY, kind: named.kind ?? "", service: named.service ?? "", account: named.account ?? "" }
    : kept;
}

export function change(changed: Partial<Draft>): void {
  draft.value = { ...draft.value, ...changed };
  sessionStorage.setItem(KEPT, JSON.stringify({ ...draft.value, of: me.value?.name }));
}

/** Who holds it, what it is for or whose it is was changed: what was proposed for another is proposed anew. */
export function changeGround(changed: Partial<Pick<Draft, "kind" | "service" | "account">>): void {
  change({ ...changed, grant: "", choices: null, reasons: {}, past: "" });
}

export function drop(): void {
  sessionStorage.removeItem(KEPT);
  draft.value = EMPTY;
}

/** The address of a step: it says which key is drafted, and neither limits nor secrets. */
export function addressOf(step: Step): string {
  const { kind, service, account } = draft.value;
  const query = new URLSearchParams(Object.entries({ kind, service, account }).filter(([, value]) => value));
  const text = query.toString();
  return to("issue", step) + (text ? `?${text}` : "");
}

/** The first step that lacks something, of those before this one; the step itself if none does. */
export function reachable(step: Step): Step {
  const { kind, service, account } = draft.value;
  if (step === "purpose" || !kind || !service) return "purpose";
  if (step === "account" || !account) return "account";
  return step;
}

export function goTo(step: Step): void {
  go(addressOf(step));
}
