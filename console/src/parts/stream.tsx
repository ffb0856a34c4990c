// Rows of the journal, newest first.
import type { Row } from "../feed";
import { clock, utc } from "../time";
import { to } from "../router";
import { Mark } from "./bits";
import { shortly } from "./recorded";

export function Stream({ rows }: { rows: Row[] }) {
  return (
    <ol class="stream">
      {rows.map((row) => (
        <li key={row.position}>
          <time dateTime={utc(row.at_ms)} title={`${utc(row.at_ms)} (UTC), journal ${row.position}`}>{clock(row.at_ms)}</time>
          <Mark of={row.what} />
          <span class="words">{row.key ? <a href={to("keys", row.key)}>{row.key.slice(0, 14)}…</a> : null} {shortly(row.text, row.key)}</span>
        </li>
      ))}
    </ol>
  );
}
