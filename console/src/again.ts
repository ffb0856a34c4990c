// Once more, before an act that can widen: the page shows a dialog that says the act, and the act waits for it.
import { signal } from "@preact/signals";

/** A request that is to be confirmed, as it will be sent. `route` is its address with {names} for what it is about. */
export type Act = { method: string; route: string; address: string; place: Record<string, string>; body: string | undefined };

export type Wanted = { act: Act; digest: string; done: () => void; given: () => void };

/** What is asked about just now; null for nothing. */
export const wanted = signal<Wanted | null>(null);

export class GivenUp extends Error {
  constructor() {
    super("not done: it was not confirmed");
  }
}

/** Ask the person once more, for this act: what they confirm is these very bytes at this very address. */
export async function askAgain(act: Act): Promise<void> {
  const digest = await digestOf(act);
  return new Promise((resolve, reject) => {
    wanted.value = {
      act,
      digest,
      done: () => {
        wanted.value = null;
        resolve();
      },
      given: () => {
        wanted.value = null;
        reject(new GivenUp());
      },
    };
  });
}

/** The act as the server tells it from every other, of what arrives there. */
async function digestOf({ method, address, body }: Act): Promise<string> {
  const { pathname, search } = new URL(address, location.origin);
  const sent = new TextEncoder().encode(`${method} ${pathname}${search}\n${body ?? ""}`);
  const found = new Uint8Array(await crypto.subtle.digest("SHA-256", sent));
  return btoa(String.fromCharCode(...found)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
