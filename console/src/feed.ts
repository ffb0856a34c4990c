// What the journal says while it is written. The browser asks again by itself where it was cut off, from its position.
import { signal } from "@preact/signals";
import type { Schemas } from "./api";
import { lookWho } from "./api";

export type Batch = Schemas["Batch"];
export type Row = Schemas["FeedRow"];

const KEPT = 200;
const SECONDS = 60;

export const rows = signal<Row[]>([]);
export const state = signal<"connecting" | "live" | "cut off">("connecting");
export const leftOut = signal(0);
/** How many of each kind in each of the last seconds, newest last. */
export const seconds = signal<{ at: number; counts: Record<string, number> }[]>([]);

let source: EventSource | null = null;
let position = -1;

export function listen(): () => void {
  open();
  return () => {
    source?.close();
    source = null;
  };
}

function open(): void {
  state.value = "connecting";
  source = new EventSource(`/v1/session/feed${position >= 0 ? `?after=${position}` : ""}`);
  source.onopen = () => {
    state.value = "live";
  };
  source.onmessage = (event: MessageEvent<string>) => take(JSON.parse(event.data) as Batch);
  source.onerror = () => {
    state.value = "cut off";
    if (source?.readyState === EventSource.CLOSED) {
      source = null;
      void lookWho().catch(() => undefined);
      setTimeout(() => {
        if (!source && state.value === "cut off") open();
      }, 2000);
    }
  };
}

export function take(batch: Batch): void {
  const first = position < 0;
  position = batch.position;
  rows.value = [...batch.rows.toReversed(), ...rows.value].slice(0, KEPT);
  if (first) return; // what was there before says nothing of the rate now
  leftOut.value += (batch.left_out ?? 0) + (batch.skipped ?? 0);
  const now = Math.floor(Date.now() / 1000);
  const kept = seconds.value.filter((each) => each.at > now - SECONDS);
  const last = kept.at(-1);
  const counts = last?.at === now ? { ...last.counts } : {};
  for (const [what, count] of Object.entries(batch.counts)) counts[what] = (counts[what] ?? 0) + count;
  seconds.value = [...(last?.at === now ? kept.slice(0, -1) : kept), { at: now, counts }];
}
