// Beside a demonstration alone: the button that has a thief play, and what he gets.
import { useState } from "preact/hooks";
import { ask, me } from "../api";
import { to } from "../router";
import { Mark, Said } from "./bits";
import { usePolled } from "./polled";

const ELSEWHERE_MS = 60_000;

export function Rehearsal() {
  const [error, setError] = useState<unknown>(null);
  const acts = me.value?.role === "operator";
  const found = usePolled(
    async (signal) => (me.value?.role === "owner" ? null : await ask("get", "/v1/rehearsal", { signal })),
    (value) => (value?.playing ? 700 : value?.here ? 5_000 : ELSEWHERE_MS),
    [],
  );
  const play = found.value;
  if (!play?.here) return null;

  async function begin() {
    setError(null);
    try {
      await ask("post", "/v1/rehearsal", {});
    } catch (failed) {
      setError(failed);
    }
    found.again();
  }

  return (
    <section class="card" aria-label="Rehearsal">
      <div class="row small-head">
        <h2>A theft, to watch</h2>
        {acts ? (
          <button class="main" onClick={() => void begin()} disabled={play.playing}>
            {play.playing ? "The thief is at work…" : play.said?.length ? "Play another theft" : "Play a stolen key"}
          </button>
        ) : null}
      </div>
      <p class="quiet">
        This is a demonstration: the market, the bots and the money are played. The thief holds the key of one of the
        bots, with a grant as wide as was usual in 2022, and has it buy a worthless coin from him.
      </p>
      <Said error={error} />
      {play.said?.length ? (
        <ol class="stream" role="log" aria-label="What the thief does">
          {play.said.map((each) => <Line key={each.at} at={each.at} text={each.text} outcome={each.outcome ?? ""} />)}
        </ol>
      ) : null}
      {play.key && !play.playing ? (
        <p>
          It is over. <a href={to("keys", play.key)}>The stolen key</a> and <a href={to("incidents")}>the incident</a> show
          what was stopped and what remains to decide.
        </p>
      ) : null}
    </section>
  );
}

function Line({ at, text, outcome }: { at: number; text: string; outcome: string }) {
  const [what, why] = outcome.split(": ", 2);
  const moment = new Date(at);
  return (
    <li>
      <time dateTime={moment.toISOString()} title={`${moment.toISOString()} (UTC)`}>{moment.toLocaleTimeString()}</time>
      {what ? <Mark of={what} /> : <span />}
      <span>{text}{why ? <span class="quiet"> {why}</span> : null}</span>
    </li>
  );
}
