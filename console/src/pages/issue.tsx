// Issue a key, step by step: each step has an address, and the draft stays in this tab until the key is issued.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import "../issue/issue.css";
import { STEPS, addressOf, draft, drop, goTo, reachable, takeUp } from "../issue/draft";
import { Protection } from "../issue/protection";
import { Review } from "../issue/review";
import { type Made, Secret } from "../issue/secret";
import { Account, Limits, Purpose } from "../issue/steps";
import { Page } from "../parts/bits";
import { go, place } from "../router";

const TITLE = "Issue a key";

export function Issue() {
  useMemo(takeUp, []);
  const asked = place.value.parts[1] ?? "";
  const wanted = STEPS.find(([step]) => step === asked)?.[0] ?? "purpose";
  const step = reachable(wanted);
  // What was made lives here and nowhere else: whoever leaves the page has seen it.
  const [made, setMade] = useState<Made | null>(null);
  const head = useRef<HTMLHeadingElement>(null);
  const shown = useRef(step);
  useEffect(() => {
    if (made) return;
    if (asked !== step) go(addressOf(step), true);
    if (shown.current !== step) head.current?.focus();
    shown.current = step;
  }, [asked, step, made]);
  if (made) return <Page title={TITLE}><div class="guided"><Secret of={made} /></div></Page>;
  const reached = STEPS.findIndex(([each]) => each === step);
  const begun = draft.value.kind || draft.value.service || draft.value.account;
  return (
    <Page title={TITLE} side={begun ? <button onClick={() => { drop(); goTo("purpose"); }}>Begin anew</button> : null}>
      <div class="guided">
      <ol class="trail" aria-label="Steps">
        {STEPS.map(([each, words]) => (
          <li key={each} aria-current={each === step ? "step" : undefined}>
            {reachable(each) === each && each !== step ? <a href={addressOf(each)}>{words}</a> : <span>{words}</span>}
          </li>
        ))}
      </ol>
      <h2 ref={head} tabIndex={-1}>{reached + 1}. {STEPS[reached]?.[1]}</h2>
      {step === "purpose" ? <Purpose /> : null}
      {step === "account" ? <Account /> : null}
      {step === "limits" ? <Limits /> : null}
      {step === "protection" ? <Protection /> : null}
      {step === "review" ? <Review onMade={setMade} /> : null}
      </div>
    </Page>
  );
}
