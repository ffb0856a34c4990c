// The journal, with a proof of each record, and the canaries.
import { useState } from "preact/hooks";
import { ask } from "../api";
import { Dialog } from "../parts/dialog";
import { Empty, Mark, Page, Said, Shown, Time, plain, useLoaded } from "../parts/bits";
import { Recorded } from "../parts/recorded";
import { filter, place, to } from "../router";

export function Journal() {
  const words = place.value.query.get("words") ?? "";
  const found = useLoaded((signal) => ask("get", "/v1/journal", { query: { limit: 500 }, signal }), []);
  const [proven, setProven] = useState<number | null>(null);
  return (
    <Page title="Journal" side={<button onClick={found.again}>Read it again</button>}>
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <label>
          Among the last 500 records
          <input type="search" value={words} onInput={(event) => filter({ words: event.currentTarget.value })}
            placeholder="a key, an act, a reason" />
        </label>
      </form>
      <p class="quiet">Whoever doubts it verifies all of it elsewhere: <code>bailiwick journal verify</code></p>
      <Shown of={found}>
        {(all) => {
          const rows = all.rows.filter((each) => JSON.stringify(each.record).toLowerCase().includes(words.toLowerCase()));
          if (!rows.length) return <Empty>No record is like that.</Empty>;
          return (
            <ol class="stream">
              {rows.toReversed().map((each) => (
                <Recorded key={each.position} position={each.position} record={each.record}>
                  <button class="small" onClick={() => setProven(each.position)}>Prove</button>
                </Recorded>
              ))}
            </ol>
          );
        }}
      </Shown>
      {proven === null ? null : <Proof of={proven} onClose={() => setProven(null)} />}
    </Page>
  );
}

function Proof({ of, onClose }: { of: number; onClose: () => void }) {
  const proof = useLoaded((signal) => ask("get", "/v1/journal/{position}/proof", { path: { position: of }, signal }), [of]);
  const [error, setError] = useState<unknown>(null);
  function save(text: string) {
    const address = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = `bailiwick-record-${of}.txt`;
    link.target = "_self";
    link.click();
    URL.revokeObjectURL(address);
  }
  return (
    <Dialog title={`Proof of record ${of}`} onClose={onClose}>
      <Shown of={proof}>
        {(found) => (
          <>
            <p>It is checked offline, without Bailiwick's word for it, by <code>python -m bailiwick.journal.verify_proof</code>. Journal key:</p>
            <pre>{found.journal_key}</pre>
            <pre tabIndex={0}>{found.proof}</pre>
            <div class="row">
              <button class="main" onClick={() => save(found.proof)}>Save it</button>
              <button onClick={() => navigator.clipboard.writeText(found.proof).catch(setError)}>Copy it</button>
              <button onClick={onClose}>Close</button>
            </div>
          </>
        )}
      </Shown>
      <Said error={error} />
    </Dialog>
  );
}

export function Canaries() {
  const laid = useLoaded((signal) => ask("get", "/v1/canaries", { signal }), []);
  return (
    <Page title="Canaries">
      <Shown of={laid}>
        {(found) =>
          found.rows.length ? (
            <table>
              <thead>
                <tr>
                  {["Laid at", "Key", "Account", "If it is used", "Laid", "Used"].map((each) => <th key={each} scope="col">{each}</th>)}
                </tr>
              </thead>
              <tbody>
                {found.rows.map((each) => (
                  <tr key={each.key}>
                    <td>{each.label}</td>
                    <td><a href={to("keys", each.key)}>{each.key.slice(0, 14)}…</a></td>
                    <td>{each.account}</td>
                    <td>winds down {plain(each.wind_down)}</td>
                    <td><Time at={each.laid} /></td>
                    <td>{each.used ? <><Mark of="used" /> <Time at={each.used} /></> : <span class="quiet">never</span>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          ) : (
            <Empty>
              No canaries are laid. A canary is a key that nobody uses: whoever signs with it has looked where you put it.{" "}
              <code>bailiwick key canary --account main --label 'laptop backup'</code>
            </Empty>
          )
        }
      </Shown>
    </Page>
  );
}
