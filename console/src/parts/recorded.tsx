// One record of the journal, in a line.
import type { ComponentChildren } from "preact";
import { clock, long, utc } from "../time";
import { Mark, plain } from "./bits";

const DECIDED: Record<string, string> = { allow: "allowed", deny: "denied", hold: "held" };
const SAID = ["method", "path", "verb", "what", "subject", "actor", "reason", "detail", "sample", "status"];

type Given = { position: number; record: Record<string, unknown>; children?: ComponentChildren };

export function Recorded({ position, record, children }: Given) {
  const at = Number(record["at_us"] ?? record["until_us"] ?? 0) / 1000;
  const decision = plain(record["decision"]);
  return (
    <li>
      <time dateTime={utc(at)} title={`${long(at)}, ${utc(at)} (UTC), journal ${position}`}>{at ? clock(at) : position}</time>
      <Mark of={DECIDED[decision] ?? (decision || plain(record["kind"]))} />
      <span class="words">{SAID.map((name) => plain(record[name])).filter(Boolean).join(" · ")} {children}</span>
    </li>
  );
}
