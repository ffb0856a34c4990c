// What the draft comes to, asked again a moment after each change.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError, ask } from "../api";
import { type Choices, type Reckoned, change, draft } from "./draft";

const QUIET_MS = 300;

export type Reckoning = { of: Reckoned | null; busy: boolean; error: unknown };
export const reckoning = signal<Reckoning>({ of: null, busy: false, error: null });

/** The narrowest grant for this client, out of the account's past. */
export async function propose(abort?: AbortSignal): Promise<void> {
  const { account, kind, service } = draft.value;
  reckoning.value = { of: null, busy: true, error: null };
  try {
    const found = await ask("post", "/v1/accounts/{account}/proposal", {
      path: { account }, body: { kind, service }, ...(abort ? { signal: abort } : {}),
    });
    reckoning.value = { of: found, busy: false, error: null };
    change({
      grant: found.grant,
      choices: found.choices as Choices,
      reasons: Object.fromEntries(found.lines.map((line) => [line.field, line.reason ?? ""])),
      past: found.past ?? "",
      drawn: draft.value.drawn + 1,
    });
  } catch (error) {
    if (!abort?.aborted) reckoning.value = { of: null, busy: false, error };
  }
}

async function reckon(abort: AbortSignal): Promise<void> {
  const { account, service, grant, choices } = draft.value;
  reckoning.value = { ...reckoning.value, busy: true };
  try {
    const found = await ask("post", "/v1/grants/reckon", { body: { account, service, grant, choices }, signal: abort });
    reckoning.value = { of: found, busy: false, error: null };
  } catch (error) {
    if (!abort.aborted) reckoning.value = { of: null, busy: false, error };
  }
}

/** The grant as somebody wrote it: its choices are taken from it. It throws what is wrong with the text. */
export async function takeText(grant: string): Promise<void> {
  const { account, service } = draft.value;
  const found = await ask("post", "/v1/grants/reckon", { body: { account, service, grant } });
  reckoning.value = { of: found, busy: false, error: null };
  change({ grant: found.grant, choices: found.choices as Choices, reasons: {}, drawn: draft.value.drawn + 1 });
}

/** Keep the reckoning as new as the draft: proposed where nothing is chosen yet, reckoned after each change. */
export function useReckoning(): Reckoning {
  const { account, service, kind, choices } = draft.value;
  const chosen = choices ? JSON.stringify(choices) : "";
  useEffect(() => {
    const abort = new AbortController();
    if (!chosen) void propose(abort.signal);
    return () => abort.abort();
  }, [account, service, kind, chosen === ""]);
  useEffect(() => {
    if (!chosen) return;
    const abort = new AbortController();
    const first = reckoning.value.of === null;
    const timer = setTimeout(() => void reckon(abort.signal), first ? 0 : QUIET_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [account, service, chosen]);
  return reckoning.value;
}

/** What is wrong with a choice, in a sentence. */
export function wrongWith(field: string): string {
  const found = reckoning.value.of?.wrong?.find((each) => each.field === field);
  return found ? [found.sentence, found.remedy].filter(Boolean).join("; ") : "";
}

export function thiefOf(field: string): string {
  return reckoning.value.of?.lines.find((line) => line.field === field)?.thief ?? "";
}

export function sentenceOf(error: unknown): string {
  if (error instanceof ApiError) return [error.message, error.message.includes(error.remedy) ? "" : error.remedy].filter(Boolean).join(" ");
  return error instanceof Error ? error.message : String(error);
}
