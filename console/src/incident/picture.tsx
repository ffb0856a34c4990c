// A symbol's picture, what it cost, and the same as tables: for those who cannot see it, and for who wants the figures.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { look } from "../look";
import { Empty, Facts, Mark, Time } from "../parts/bits";
import { type Course, type Happening, type Order, marksOf } from "./marks";

type Sum = Course["losses"][number]["lost"];

const AGAINST: Record<string, string> = {
  before: "the price before (the middle of the hour until the first signal)",
  then: "the price five minutes after each order",
  now: "the latest price",
};

export function Pictured({ of, timeline }: { of: Course; timeline: Happening[] }) {
  const asset = of.quote || "of the quote asset";
  return (
    <section class="card" aria-label={`${of.symbol} at ${of.venue}`}>
      <h2>{of.symbol} at {of.venue}</h2>
      {of.minutes.length ? <Drawing of={of} timeline={timeline} /> : (
        <Empty>The minutes of {of.symbol} are not known, so neither is what it cost. They are asked for again while the incident is open.</Empty>
      )}
      <Facts
        of={[
          ["Price before", of.before ? `${of.before} ${asset}` : "not known"],
          ["Latest price", of.latest ? <>{of.latest} {asset} <Time at={of.latest_at ?? ""} /></> : "not known"],
          ["Orders counted", `${of.counted} executed, ${of.prevented} stopped${of.unknown ? `, ${of.unknown} not known` : ""}`],
        ]}
      />
      <Losses of={of} />
      <details>
        <summary>Its orders as a table ({of.orders.length})</summary>
        <Orders of={of} />
      </details>
      <details>
        <summary>Its minutes as a table ({of.minutes.length})</summary>
        <Minutes of={of} />
      </details>
    </section>
  );
}

function Drawing({ of, timeline }: { of: Course; timeline: Happening[] }) {
  const place = useRef<HTMLDivElement>(null);
  const [failed, setFailed] = useState(false);
  const dark = useDark();
  const marks = useMemo(() => marksOf(of, timeline), [of, timeline]);
  const drawn = JSON.stringify([of.minutes, marks]);
  useEffect(() => {
    let gone = false;
    let remove = () => {};
    import("./chart").then(
      ({ draw }) => {
        if (!gone && place.current) remove = draw(place.current, of, marks);
      },
      () => setFailed(true),
    );
    return () => {
      gone = true;
      remove();
    };
  }, [drawn, dark, look.value]);
  if (failed) return <Empty>The picture could not be loaded; the tables below have the same.</Empty>;
  const said = marks.map((each) => each.text).join(", ") || "nothing";
  return (
    <figure class="picture">
      <div ref={place} class="drawing" role="img" aria-label={`Minutes of ${of.symbol}, marked: ${said}. The tables below have the same.`} />
      <figcaption>
        <ul class="legend">
          <li><span class="ink-main">▲▼</span> let through</li>
          <li><span class="ink-care">●</span> held</li>
          <li><span class="ink-bad">●</span> refused</li>
          <li><span class="ink-care">■</span> signal</li>
          <li><span class="ink-bad">■</span> wind-down, freeze, not me</li>
          <li><span class="ink-good">■</span> given back, that was me</li>
          <li><span class="ink-main">━</span> the victim's result in {of.quote}, as it was</li>
          <li><span class="ink-bad">┅</span> had the stopped orders been executed</li>
        </ul>
        <p class="quiet">
          The dashed line takes each stopped order as executed at the worst price really traded in its minute, or at its limit if that is
          nearer; what it would itself have moved is left out. Drawn with TradingView Lightweight Charts™, Copyright © 2025 TradingView, Inc.,{" "}
          <a href="https://www.tradingview.com/" rel="noreferrer noopener" target="_blank">https://www.tradingview.com/</a>
        </p>
      </figcaption>
    </figure>
  );
}

function useDark(): boolean {
  const query = useMemo(() => matchMedia("(prefers-color-scheme: dark)"), []);
  const [dark, setDark] = useState(query.matches);
  useEffect(() => {
    const heard = () => setDark(query.matches);
    query.addEventListener("change", heard);
    return () => query.removeEventListener("change", heard);
  }, []);
  return dark;
}

export function words(of: Sum, asset: string): string {
  if (of.amount === null || of.amount === undefined) return "not known";
  if (of.gain) return "nothing";
  return `${grouped(of.amount)} ${asset}`.trim();
}

/** An exact amount with its thousands apart: shown to two digits, or as many as it takes to be more than nothing. */
export function grouped(amount: string): string {
  const [whole = "0", part = ""] = amount.split(".");
  const apart = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const kept = whole === "0" ? part : part.slice(0, 2);
  return kept ? `${apart}.${kept}` : apart;
}

/** From and to, or one where they say the same. */
export function span(from: Sum, till: Sum, asset: string): string {
  const [least, most] = [words(from, asset), words(till, asset)];
  return least === most ? least : `${least} to ${most}`;
}

function Losses({ of }: { of: Course }) {
  return (
    <Scrolled label={`What ${of.symbol} cost`}>
      <caption>What was lost, and what was prevented</caption>
      <thead>
        <tr><th scope="col">Against</th><th scope="col">Lost</th><th scope="col">Prevented (estimate)</th></tr>
      </thead>
      <tbody>
        {of.losses.map((each) => (
          <tr key={each.against}>
            <th scope="row">{AGAINST[each.against]}</th>
            <td>{words(each.lost, of.quote)}{each.lost.gain ? <span class="quiet"> (a gain of {grouped(each.lost.amount ?? "0")})</span> : null}</td>
            <td>{span(each.least, each.most, of.quote)}</td>
          </tr>
        ))}
      </tbody>
    </Scrolled>
  );
}

const LOOKS: Record<string, string> = { forwarded: "let through" };

function Orders({ of }: { of: Course }) {
  return (
    <Scrolled label={`Orders of ${of.symbol}`} wide>
      <caption>Orders of the affected keys in {of.symbol}, oldest first; amounts in {of.base}, money in {of.quote}</caption>
      <thead>
        <tr>{["When", "Order", "What became of it", "Executed", "Paid", "Would have been executed at"].map((each) => <th scope="col" key={each}>{each}</th>)}</tr>
      </thead>
      <tbody>
        {of.orders.map((each) => (
          <tr key={each.position}>
            <th scope="row"><Time at={each.at} /></th>
            <td>{wish(each)}</td>
            <td><Mark of={LOOKS[each.fate] ?? each.fate} /> <span class="quiet">{each.reason ? each.reason.toLowerCase().replace(/_/g, " ") : ""}</span></td>
            <td>{each.fate === "forwarded" ? (each.executed ?? "not known") : ""}</td>
            <td>{each.fate === "forwarded" ? (each.paid ?? "not known") : ""}</td>
            <td>{each.would_from ? [...new Set([each.would_from, each.would_to])].join(" to ") : each.why_not}</td>
          </tr>
        ))}
      </tbody>
    </Scrolled>
  );
}

function wish(of: Order): string {
  const amount = of.quantity ?? (of.quote_quantity ? `for ${of.quote_quantity}` : "");
  return `${of.side} ${amount} ${of.type}${of.price ? ` at ${of.price}` : ""}`;
}

function Minutes({ of }: { of: Course }) {
  return (
    <Scrolled label={`Minutes of ${of.symbol}`} wide>
      <caption>Minutes of {of.symbol}, and the victim's result by the end of each, in {of.quote}</caption>
      <thead>
        <tr>{["Minute", "Open", "High", "Low", "Close", "Result", "Had nothing been stopped"].map((each) => <th scope="col" key={each}>{each}</th>)}</tr>
      </thead>
      <tbody>
        {of.minutes.map((each) => (
          <tr key={each.at_ms}>
            <th scope="row"><Time at={each.at_ms} /></th>
            {[each.open, each.high, each.low, each.close, each.real, each.otherwise].map((value, place) => <td key={place}>{value}</td>)}
          </tr>
        ))}
      </tbody>
    </Scrolled>
  );
}

/** A table that scrolls by itself where it is wider than the screen, by keyboard too. */
export function Scrolled({ label, wide, children }: { label: string; wide?: boolean; children: ComponentChildren }) {
  return (
    <div class="scrolled" role="region" aria-label={label} tabIndex={0}>
      <table class={wide ? "whole wide" : "whole"}>{children}</table>
    </div>
  );
}
