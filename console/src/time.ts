// Times in the viewer's zone; the element that shows one says UTC on hover.
const SPANS: [number, string][] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
];

export function ago(moment: number, now = Date.now()): string {
  const span = Math.abs(now - moment);
  for (const [length, unit] of SPANS) {
    if (span >= length) return `${Math.floor(span / length)} ${unit}${moment > now ? "" : " ago"}`;
  }
  return "now";
}

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });
const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

export function long(moment: number): string {
  return DAY.format(moment);
}

export function day(moment: number): string {
  return DATE.format(moment);
}

export function clock(moment: number): string {
  return CLOCK.format(moment);
}

export function utc(moment: number): string {
  return new Date(moment).toISOString().replace(".000Z", "Z");
}
