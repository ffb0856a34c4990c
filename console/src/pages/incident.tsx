// An incident: what to stop first, then what it cost, its picture, what happened, and how it goes on.
import { useEffect } from "preact/hooks";
import { ask, me } from "../api";
import type { Picture } from "../incident/marks";
import { Pictured, span, words } from "../incident/picture";
import { Stops } from "../incident/stops";
import { Timeline } from "../incident/timeline";
import { Close, Notes, type Told, VERDICTS, Work } from "../incident/work";
import { Facts, Mark, Page, Said, Shown, Time, plain, useLoaded } from "../parts/bits";

const AGAIN_MS = 15_000;

export function Incident({ id }: { id: string }) {
  const told = useLoaded((signal) => ask("get", "/v1/incidents/{id}", { path: { id }, signal }), [id]);
  const picture = useLoaded((signal) => ask("get", "/v1/incidents/{id}/picture", { path: { id }, signal }), [id]);
  const open = told.value !== undefined && told.value.state !== "closed";
  const again = () => {
    told.again();
    picture.again();
  };
  useEffect(() => {
    if (!open) return undefined;
    const timer = setInterval(() => { if (!document.hidden && !document.querySelector("dialog[open]")) again(); }, AGAIN_MS);
    return () => clearInterval(timer);
  }, [open, id]);
  return (
    <Page title="Incident">
      <Shown of={told}>
        {(found) => (
          <>
            <Head of={found} />
            <Shown of={picture}>
              {(seen) => (
                <>
                  {seen.notes?.map((each) => <p key={each} class="said care">{each}</p>)}
                  <Costs of={seen} />
                  {open ? <Stops of={seen} after={again} /> : null}
                  {seen.courses.map((each) => <Pictured key={each.venue + each.symbol} of={each} timeline={seen.timeline} />)}
                  <Timeline of={seen.timeline} open={open} after={again} />
                </>
              )}
            </Shown>
            {open && me.value?.role !== "auditor" ? <Work of={found} after={again} /> : null}
            <Notes of={found} after={again} />
            {open && me.value?.role !== "auditor" ? <Close of={found} after={again} /> : null}
            <Said error={picture.error} />
          </>
        )}
      </Shown>
    </Page>
  );
}

function Head({ of }: { of: Told }) {
  const verdict = VERDICTS.find(([name]) => name === of.verdict)?.[1] ?? "";
  return (
    <section class="card">
      <h2>{of.title} <Mark of={of.state === "working" ? "being worked on" : of.state} /></h2>
      <Facts
        of={[
          ["Opened", <Time at={of.opened} />],
          ["Owner", of.owner],
          ["Assigned to", of.assignee ?? ""],
          ["Id", <code>{of.id}</code>],
          ["Disputed orders", of.disputed?.map(plain).join(", ") ?? ""],
          ["Closed", of.closed ? <Time at={of.closed} /> : ""],
          ["It was", verdict],
          ["Why", of.closing ?? ""],
          ["For the exchange", of.evidence ? <a href={of.evidence} download target="_self">the evidence file</a> : ""],
        ]}
      />
    </section>
  );
}

/** The two sums that are asked for first. They stand against the latest price; each symbol has the others. */
function Costs({ of }: { of: Picture }) {
  const now = of.courses.flatMap((each) => each.losses.filter((loss) => loss.against === "now").map((loss) => ({ ...loss, course: each })));
  const none = of.courses.length === 0;
  return (
    <div class="cards">
      <section class="card">
        <h2>Loss so far</h2>
        <p class="figure">{none ? "nothing" : now.map((each) => <span key={each.course.symbol}>{words(each.lost, each.course.quote)}</span>)}</p>
        <p class="quiet">
          {none ? "No order of the affected keys is counted." : "What the orders that were let through gave away against the latest price, without fees."}
        </p>
      </section>
      <section class="card">
        <h2>Loss prevented</h2>
        <p class="figure">{none ? "nothing" : now.map((each) => <span key={each.course.symbol}>{span(each.least, each.most, each.course.quote)}</span>)}</p>
        <p class="quiet">
          An estimate: what held and refused orders since the first signal would have lost had they been executed, from the worst price
          really traded in their minute to their own limit. Each wish counts once.
        </p>
      </section>
    </div>
  );
}
