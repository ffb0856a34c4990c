// The incidents: which are open, whose they are, and who works on them. The address says how the list is looked at.
import { ask, me } from "../api";
import { Scrolled } from "../incident/picture";
import { VERDICTS } from "../incident/work";
import { Empty, Mark, Page, Shown, Time, useLoaded } from "../parts/bits";
import { filter, place, to } from "../router";

const STATES: [string, string][] = [
  ["current", "not closed"], ["open", "open"], ["working", "being worked on"], ["closed", "closed"], ["any", "any"],
];
const COLUMNS: [string, string][] = [
  ["state", "State"], ["title", "What"], ["opened", "Opened"], ["assignee", "Assigned to"], ["owner", "Owner"],
];

function clipped(text: string): string {
  return text.length > 160 ? `${text.slice(0, text.lastIndexOf(" ", 160))}…` : text;
}

export function Incidents() {
  const query = place.value.query;
  const state = query.get("state") ?? "current";
  const assignee = query.get("assignee") ?? "";
  const sort = query.get("sort") ?? "opened";
  const down = (query.get("down") ?? (sort === "opened" ? "yes" : "no")) === "yes";
  const house = me.value?.role !== "owner";
  const people = useLoaded(async (signal) => (house ? (await ask("get", "/v1/people", { signal })).rows.map((each) => each.name) : []), []);
  const found = useLoaded(
    (signal) => ask("get", "/v1/incidents", { query: { state: state === "any" ? "" : state, assignee, sort, down, limit: 500 }, signal }),
    [state, assignee, sort, down],
  );
  const names = [...new Set([me.value?.name ?? "", assignee === "-" ? "" : assignee, ...(people.value ?? [])])].filter(Boolean);
  return (
    <Page title="Incidents">
      <div class="filters">
        <label>
          State
          <select value={state} onChange={(event) => filter({ state: event.currentTarget.value })}>
            {STATES.map(([name, words]) => <option key={name} value={name}>{words}</option>)}
          </select>
        </label>
        <label>
          Assigned to
          <select value={assignee} onChange={(event) => filter({ assignee: event.currentTarget.value })}>
            <option value="">anybody or nobody</option>
            <option value="-">nobody</option>
            {names.map((each) => <option key={each} value={each}>{each}{each === me.value?.name ? " (you)" : ""}</option>)}
          </select>
        </label>
      </div>
      <Shown of={found}>
        {(all) =>
          all.rows.length ? (
            <Scrolled label="Incidents">
              <thead>
                <tr>
                  {COLUMNS.map(([name, words]) => (
                    <th key={name} scope="col" aria-sort={sort === name ? (down ? "descending" : "ascending") : "none"}>
                      <button class="sorts" onClick={() => filter({ sort: name, down: (sort === name ? !down : name === "opened") ? "yes" : "no" })}>
                        {words}{sort === name ? (down ? " ▾" : " ▴") : ""}
                      </button>
                    </th>
                  ))}
                  <th scope="col">Keys</th>
                </tr>
              </thead>
              <tbody>
                {all.rows.map((each) => (
                  <tr key={each.id}>
                    <td><Mark of={each.state === "working" ? "being worked on" : each.state} /></td>
                    <th scope="row">
                      <a href={to("incidents", each.id)}>{each.title}</a>
                      {each.notes?.[0] ? <span class="quiet hint">{clipped(String(each.notes[0][2]))}</span> : null}
                      {each.verdict ? <span class="quiet"> {VERDICTS.find(([name]) => name === each.verdict)?.[1]}</span> : null}
                    </th>
                    <td><Time at={each.opened} /></td>
                    <td>{each.assignee || <span class="quiet">nobody</span>}</td>
                    <td>{each.owner}</td>
                    <td>{each.keys?.length ?? 0}</td>
                  </tr>
                ))}
              </tbody>
            </Scrolled>
          ) : (
            <Empty>No incident is like that. When a key is suspected, leaks, or its owner says “not me”, it stands here. Choose another state above.</Empty>
          )
        }
      </Shown>
    </Page>
  );
}
