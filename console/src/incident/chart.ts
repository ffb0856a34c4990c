// The picture of a symbol: its minutes, what was ordered and stopped in them, and below the victim's result.
// It is loaded only where there is one to draw. Nothing here is the only place of a figure: the tables beside it have all.
import {
  CandlestickSeries, ColorType, LineSeries, LineStyle, type SeriesMarker, type Time, type UTCTimestamp, createChart,
  createSeriesMarkers,
} from "lightweight-charts";
import { clock, long } from "../time";
import { type Course, type Mark, MINUTE_MS } from "./marks";

const NARROW = 560; // below so many pixels the marks carry no words; the key beside the picture has them

/** Draw, and say how to take it away again. */
export function draw(place: HTMLElement, course: Course, marks: Mark[]): () => void {
  const color = colors(place);
  const narrow = place.clientWidth < NARROW;
  const chart = createChart(place, {
    autoSize: true,
    layout: {
      attributionLogo: false, // it would bring its own style sheet and markup; the page names its maker in words
      background: { type: ColorType.Solid, color: color("card") },
      textColor: color("ink"),
      fontFamily: getComputedStyle(place).fontFamily,
      panes: { separatorColor: color("line"), enableResize: false },
    },
    grid: { vertLines: { visible: false }, horzLines: { color: color("line") } },
    rightPriceScale: { borderColor: color("line"), scaleMargins: { top: 0.38, bottom: 0.15 } }, // room for the marks
    timeScale: { borderColor: color("line"), timeVisible: true, tickMarkFormatter: (at: Time) => hour(at) },
    localization: { timeFormatter: (at: Time) => long(Number(at) * 1000) },
    handleScroll: { mouseWheel: false, vertTouchDrag: false },
    handleScale: { mouseWheel: false },
  });
  const candles = chart.addSeries(CandlestickSeries, {
    upColor: color("card"), borderUpColor: color("ink"), wickUpColor: color("ink"),
    downColor: color("quiet"), borderDownColor: color("quiet"), wickDownColor: color("quiet"),
    priceFormat: { type: "price", ...steps(course.minutes.flatMap((each) => [each.open, each.close])) },
    priceLineVisible: false,
  });
  candles.setData(course.minutes.map((each) => ({
    time: seconds(each.at_ms), open: Number(each.open), high: Number(each.high), low: Number(each.low), close: Number(each.close),
  })));
  createSeriesMarkers(candles, marks.map((each): SeriesMarker<Time> => ({
    time: seconds(each.at_ms),
    position: each.below ? "belowBar" : "aboveBar",
    shape: each.shape,
    color: color(each.color),
    ...(narrow ? {} : { text: each.text }),
  })));
  for (const [name, ink, style] of [["otherwise", "bad", LineStyle.Dashed], ["real", "main", LineStyle.Solid]] as const) {
    const line = chart.addSeries(LineSeries, {
      color: color(ink), lineStyle: style, lineWidth: 2, priceLineVisible: false, lastValueVisible: !narrow,
      priceFormat: { type: "price", precision: 2, minMove: 0.01 },
    }, 1);
    line.priceScale().applyOptions({ scaleMargins: { top: 0.15, bottom: 0.15 } });
    line.setData(course.minutes.map((each) => ({ time: seconds(each.at_ms), value: Number(each[name]) })));
  }
  const [upper, lower] = chart.panes();
  upper?.setStretchFactor(0.7);
  lower?.setStretchFactor(0.3);
  chart.timeScale().setVisibleLogicalRange({ from: -2, to: course.minutes.length + (narrow ? 3 : 8) });
  return () => chart.remove();
}

function seconds(ms: number): UTCTimestamp {
  return (Math.floor(ms / MINUTE_MS) * 60) as UTCTimestamp;
}

function hour(at: Time): string {
  return clock(Number(at) * 1000).slice(0, 5);
}

/** How fine prices are shown: as fine as the exchange writes them. */
function steps(prices: string[]): { precision: number; minMove: number } {
  const precision = Math.min(8, prices.reduce((most, each) => Math.max(most, each.split(".")[1]?.length ?? 0), 2));
  return { precision, minMove: 1 / 10 ** precision };
}

/** The page's own colours, as they are in light and in dark. */
function colors(place: HTMLElement): (name: string) => string {
  const probe = document.createElement("span");
  place.append(probe);
  const found = new Map<string, string>();
  for (const name of ["card", "ink", "line", "quiet", "bad", "care", "main", "good"]) {
    probe.className = `ink-${name}`;
    found.set(name, getComputedStyle(probe).color);
  }
  probe.remove();
  return (name) => found.get(name) ?? "gray";
}
