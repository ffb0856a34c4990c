// What is marked on the picture of a symbol: orders, those that were stopped, and what was done against it.
import type { Answer } from "../api";

export type Picture = Answer<"/v1/incidents/{id}/picture", "get">;
export type Course = Picture["courses"][number];
export type Order = Course["orders"][number];
export type Happening = Picture["timeline"][number];
export type Mark = {
  at_ms: number;
  below: boolean;
  shape: "arrowUp" | "arrowDown" | "circle" | "square";
  color: string;
  text: string;
};

export const MINUTE_MS = 60_000;
const DONE: Record<string, { text: string; color: string }> = {
  signal: { text: "noticed", color: "care" },
  "wind-down": { text: "wind-down", color: "bad" },
  "not-me": { text: "not me", color: "bad" },
  freeze: { text: "freeze", color: "bad" },
  "given-back": { text: "given back", color: "good" },
  vouch: { text: "that was me", color: "good" },
};

/** The marks of a symbol, oldest first: one for each sort of thing in a minute, with how many there were. */
export function marksOf(course: Course, timeline: Happening[]): Mark[] {
  const first = course.minutes[0]?.at_ms ?? 0;
  const last = (course.minutes.at(-1)?.at_ms ?? 0) + MINUTE_MS;
  const found = new Map<string, Mark & { word: string; count: number }>();
  function add(at: string, mark: Omit<Mark, "at_ms" | "text">, word: string) {
    const at_ms = Math.floor(Date.parse(at) / MINUTE_MS) * MINUTE_MS;
    if (at_ms < first || at_ms >= last) return;
    const name = `${at_ms}/${word}`;
    const there = found.get(name) ?? { ...mark, at_ms, word, count: 0, text: "" };
    there.count += 1;
    there.text = there.count > 1 ? `${word} ×${there.count}` : word;
    found.set(name, there);
  }
  for (const order of course.orders) {
    const buys = order.side === "BUY";
    if (order.fate === "forwarded") {
      add(order.at, { below: buys, shape: buys ? "arrowUp" : "arrowDown", color: "main" }, buys ? "bought" : "sold");
    } else {
      add(order.at, { below: false, shape: "circle", color: order.fate === "held" ? "care" : "bad" }, order.fate);
    }
  }
  for (const each of timeline) {
    const done = DONE[each.kind];
    if (done) add(each.at, { below: false, shape: "square", color: done.color }, done.text);
  }
  return [...found.values()].sort((one, other) => one.at_ms - other.at_ms);
}
