// Once more, before an act that can widen: the page shows a dialog, and the act waits for it.
import { signal } from "@preact/signals";

export type Wanted = { method: string; path: string; done: () => void; given: () => void };

/** What is asked about just now; null for nothing. */
export const wanted = signal<Wanted | null>(null);

export class GivenUp extends Error {
  constructor() {
    super("not done: it was not confirmed");
  }
}

/** Ask the person once more, for this act. */
export function askAgain(method: string, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    wanted.value = {
      method,
      path,
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
