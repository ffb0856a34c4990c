// What is asked again and again while somebody looks: no faster than the answers come, and not while the page is hidden.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Loaded } from "./bits";

/** Ask now and then; `wait` says how long until the next time in ms, or null where nothing will change any more. */
export function usePolled<T>(
  load: (abort: AbortSignal) => Promise<T>, wait: (value: T | undefined) => number | null, on: unknown[],
): Loaded<T> {
  const [found, set] = useState<{ value: T | undefined; error: unknown }>({ value: undefined, error: null });
  const [count, setCount] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const next = (value: T | undefined) => {
      const pause = wait(value);
      if (pause !== null && !abort.signal.aborted) timer = setTimeout(look, pause);
    };
    const look = () => {
      if (document.hidden) {
        timer = setTimeout(look, 1000);
        return;
      }
      latest.current(abort.signal).then(
        (value) => {
          set({ value, error: null });
          next(value);
        },
        (error: unknown) => {
          if (abort.signal.aborted) return;
          set((before) => ({ value: before.value, error }));
          next(undefined);
        },
      );
    };
    look();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [...on, count]);
  return { ...found, again: () => setCount((before) => before + 1) };
}
