// Small parts that every page is made of.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../api";
import { GivenUp } from "../again";
import { ago, long, utc } from "../time";

export function Time({ at, empty = "never" }: { at: string | number | null | undefined; empty?: string }) {
  if (!at) return <span class="quiet">{empty}</span>;
  const moment = typeof at === "number" ? at : Date.parse(at);
  return (
    <time dateTime={utc(moment)} title={`${utc(moment)} (UTC)`}>
      {long(moment)} <span class="quiet">({ago(moment)})</span>
    </time>
  );
}

const LOOKS: Record<string, string> = {
  active: "good", trusted: "good", "in force": "good", allowed: "good", used: "good", approved: "good",
  winding_down: "care", suspended: "care", held: "care", alert: "care", hold: "care", suspect: "bad", waiting: "care", pending: "care", open: "care", "being worked on": "care", "let through": "good", signal: "care", "wind-down": "bad", freeze: "bad", "not me": "bad", "given back": "good", "that was me": "good", invited: "care",
  frozen: "bad", revoked: "bad", expired: "bad", compromised: "bad", denied: "bad", refused: "bad",
};

export function Mark({ of }: { of: string }) {
  return <span class={`mark ${LOOKS[of] ?? ""}`}>{of.replace(/_/g, " ")}</span>;
}

export function Said({ error }: { error: unknown }) {
  if (!error || error instanceof GivenUp) return null;
  const known = error instanceof ApiError ? error : null;
  return (
    <div class="said bad" role="alert">
      {error instanceof Error ? error.message : String(error)}
      {known?.remedy && !known.message.includes(known.remedy) ? <p>{known.remedy}</p> : null}
    </div>
  );
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <div class="empty">{children}</div>;
}

export type Loaded<T> = { value: T | undefined; error: unknown; again: () => void };

/** What a page needs, asked for anew when what it depends on changes. */
export function useLoaded<T>(load: (abort: AbortSignal) => Promise<T>, on: unknown[]): Loaded<T> {
  const [found, set] = useState<{ value: T | undefined; error: unknown }>({ value: undefined, error: null });
  const [count, setCount] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    load(abort.signal).then(
      (value) => set({ value, error: null }),
      (error: unknown) => {
        if (!abort.signal.aborted) set({ value: undefined, error });
      },
    );
    return () => abort.abort();
  }, [...on, count]);
  return { ...found, again: () => setCount((before) => before + 1) };
}

export function Page({ title, children, side }: { title: string; children: ComponentChildren; side?: ComponentChildren }) {
  useEffect(() => {
    document.title = `${title} · Bailiwick`;
  }, [title]);
  return (
    <main id="main" tabIndex={-1}>
      <header class="head">
        <h1>{title}</h1>
        {side}
      </header>
      {children}
    </main>
  );
}

/** What is loaded, or that it is on its way, or why it is not. */
export function Shown<T>({ of, children }: { of: Loaded<T>; children: (value: T) => ComponentChildren }) {
  if (of.error) return <Said error={of.error} />;
  if (of.value === undefined) return <p class="waiting" role="status">Loading…</p>;
  return <>{children(of.value)}</>;
}

export function Facts({ of }: { of: [string, ComponentChildren][] }) {
  return (
    <dl class="facts">
      {of.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function plain(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(plain).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
