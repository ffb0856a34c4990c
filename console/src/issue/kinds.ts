// What a key can be for, in words: the names are those of the presets.
export type KindWords = { name: string; title: string; needs: string; thief: string };

export const KINDS: KindWords[] = [
  {
    name: "signal-bot", title: "Signal bot", needs: "Trades now and then on a signal, with stops.",
    thief: "A thief could trade against you in the symbols it knows, and through its stops further off than others.",
  },
  {
    name: "grid-bot", title: "Grid bot", needs: "Keeps many small limit orders around the price.",
    thief: "A thief could let small orders meet his own near the market, up to a day's budget.",
  },
  {
    name: "dca", title: "Regular buyer", needs: "Buys the same at intervals, and never sells.",
    thief: "A thief could sell to you a little too dear, once for each day's budget; he could sell nothing of yours.",
  },
  {
    name: "market-maker", title: "Market maker", needs: "Quotes both sides all day, close to the price.",
    thief: "A thief could trade against you all day, close to the market and for a large budget.",
  },
  {
    name: "portfolio-tracker", title: "Portfolio tracker", needs: "Shows balances and orders; it only reads.",
    thief: "A thief could see what you hold, and take nothing.",
  },
  {
    name: "tax-tool", title: "Tax tool", needs: "Reads the history, once; it only reads.",
    thief: "A thief could see what you traded, and take nothing.",
  },
];

export function reads(kind: string): boolean {
  return kind === "portfolio-tracker" || kind === "tax-tool";
}
