// Every view has an address: the path says which, the query says how it is filtered.
import { signal } from "@preact/signals";

const BASE = "/console/";

export type Place = { parts: string[]; query: URLSearchParams };

function read(): Place {
  const path = location.pathname.startsWith(BASE) ? location.pathname.slice(BASE.length) : "";
  const parts = path.split("/").filter(Boolean).map(decodeURIComponent);
  return { parts, query: new URLSearchParams(location.search) };
}

export const place = signal<Place>(read());

/** The address of a view. */
export function to(...parts: string[]): string {
  return BASE + parts.map(encodeURIComponent).join("/");
}

export function go(address: string, replace = false): void {
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  place.value = read();
  if (!replace) window.scrollTo(0, 0);
}

/** Say in the address how the view is filtered; what is empty is left out. */
export function filter(values: Record<string, string>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  go(location.pathname + (text ? `?${text}` : ""), true);
}

window.addEventListener("popstate", () => {
  place.value = read();
});

/** Links within the console change the view and load nothing. */
document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const link = (event.target as Element).closest("a");
  if (!link || link.target || link.origin !== location.origin || !link.pathname.startsWith(BASE)) return;
  event.preventDefault();
  go(link.pathname + link.search);
});
