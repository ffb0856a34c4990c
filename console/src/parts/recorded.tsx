// One record of the journal, in a line.
import type { ComponentChildren } from "preact";
import { clock, long, utc } from "../time";
import { Mark, plain } from "./bits";

const DECIDED: Record<string, string> = { allow: "allowed", deny: "denied", hold: "held" };
const SAID = ["method", "path", "verb", "what", "subject", "actor", "reason", "detail", "sample", "status"];
const BEGINS = /^(allowed|denied|held|act|event|refused|client|snapshot of|condensed|market)\s+/; // the mark says it

/** The words of a record without what its mark says already. */
export function shortly(words: string, key = ""): string {
  const rest = words.replace(BEGINS, "");
  return key ? rest.replace(` ${key}`, "") : rest;
}

type Given = { position: number; record: Record<string, unknown>; words?: string | undefined; children?: ComponentChildren };

export function Recorded({ position, record, words, children }: Given) {
  const at = Number(record["at_us"] ?? record["until_us"] ?? 0) / 1000;
  const decision = plain(record["decision"]);
  const today = new Date(at).toDateString() === new Date().toDateString();
  const said = words ? shortly(words) : SAID.map((name) => plain(record[name])).filter(Boolean).join(" · ");
  return (
    <li>
      {at ? (
        <time dateTime={utc(at)} title={`${long(at)}, ${utc(at)} (UTC), journal ${position}`}>{today ? clock(at) : long(at)}</time>
      ) : <span class="quiet">{position}</span>}
      <Mark of={DECIDED[decision] ?? (decision || plain(record["kind"]))} />
      <span class="words">{said} {children}</span>
    </li>
  );
}
