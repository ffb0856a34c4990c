// Services: how far each could reach, and the one act against a compromised one.
import { useState } from "preact/hooks";
import { ask, me } from "../api";
import { Dialog } from "../parts/dialog";
import { Empty, Facts, Mark, Page, Said, Shown, plain, useLoaded } from "../parts/bits";
import { Moves } from "../parts/move";
import { reach } from "../parts/panic";
import { Progress } from "../parts/progress";
import { to } from "../router";

export function Services() {
  const services = useLoaded((signal) => ask("get", "/v1/services", { signal }), []);
  return (
    <Page title="Services">
      <Shown of={services}>
        {(found) =>
          found.rows.length ? (
            <table>
              <thead><tr><th scope="col">Service</th><th scope="col">Name</th><th scope="col">Standing</th><th scope="col">Networks</th></tr></thead>
              <tbody>
                {found.rows.map((row) => (
                  <tr key={plain(row["id"])}>
                    <td><a href={to("services", plain(row["id"]))}>{plain(row["id"])}</a></td>
                    <td>{plain(row["name"])}</td>
                    <td><Mark of={plain(row["standing"])} /></td>
                    <td>{plain(row["networks"]) || <span class="quiet">not known</span>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          ) : (
            <Empty>No services yet. Add whoever will hold a key: <code>bailiwick service add mybot --name 'My bot'</code></Empty>
          )
        }
      </Shown>
    </Page>
  );
}

export function Service({ id }: { id: string }) {
  const service = useLoaded((signal) => ask("get", "/v1/services/{id}", { path: { id }, signal }), [id]);
  const house = me.value?.role !== "owner";
  const operator = me.value?.role === "operator";
  return (
    <Page title={`Service ${id}`}>
      <Shown of={service}>
        {(found) => (
          <>
            <p><Mark of={plain(found.values["standing"])} /> {plain(found.values["name"])} {plain(found.values["contact"])}</p>
            {house && found.values["standing"] === "compromised" ? (
              <section class="card"><h2>The act against it</h2><Progress id={id} /></section>
            ) : null}
            {house ? <Reach id={id} /> : null}
            <p><a href={`${to("keys")}?service=${encodeURIComponent(id)}`}>Its keys</a></p>
            {operator ? (
              <>
                {found.values["standing"] === "compromised" ? (
                  <Restore id={id} after={service.again} />
                ) : (
                  <>
                    <Moves kind="services" id={id} after={service.again}
                      moves={found.values["standing"] === "trusted" ? ["wind-down", "freeze"] : ["unfreeze"]} />
                    <Compromise id={id} after={service.again} />
                  </>
                )}
              </>
            ) : null}
          </>
        )}
      </Shown>
    </Page>
  );
}

function Reach({ id }: { id: string }) {
  const found = useLoaded((signal) => ask("get", "/v1/services/{id}/reach", { path: { id }, signal }), [id]);
  return (
    <section class="card">
      <h2>How far it reaches</h2>
      <Shown of={found}>{(reached) => <Facts of={reach(reached)} />}</Shown>
    </section>
  );
}

function Compromise({ id, after }: { id: string; after: () => void }) {
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const [begun, setBegun] = useState(false);
  const [error, setError] = useState<unknown>(null);

  async function act() {
    setBegun(true);
    setError(null);
    try {
      await ask("post", "/v1/services/{id}/compromise", { path: { id }, body: { reason } });
    } catch (failed) {
      setBegun(false);
      setError(failed);
    }
  }

  return (
    <section class="card">
      <h2>It is compromised</h2>
      <p>One act: every key that it ever had winds down, nothing more is issued to it, and every owner is told.</p>
      <button class="stop" onClick={() => setOpen(true)}>Compromised…</button>
      {open ? (
        <Dialog title={`Compromise of ${id}`} onClose={() => { setOpen(false); if (begun) after(); }}>
          {begun ? (
            <>
              <Progress id={id} />
              <button onClick={() => { setOpen(false); after(); }}>Close: it goes on by itself</button>
            </>
          ) : (
            <>
              <Reach id={id} />
              <label>
                What happened (written in the journal and told to owners)
                <input value={reason} onInput={(event) => setReason(event.currentTarget.value)} maxLength={500} />
              </label>
              <Said error={error} />
              <div class="row">
                <button class="stop" onClick={act}>Stop every key of it</button>
                <button onClick={() => setOpen(false)}>Leave it</button>
              </div>
            </>
          )}
        </Dialog>
      ) : null}
    </section>
  );
}

/** The undoing: it widens, so it asks once more who one is. */
function Restore({ id, after }: { id: string; after: () => void }) {
  const [key, setKey] = useState("");
  const [reason, setReason] = useState("");
  const [said, setSaid] = useState("");
  const [error, setError] = useState<unknown>(null);

  async function act(event: Event) {
    event.preventDefault();
    setError(null);
    try {
      const what = key.trim() ? { keys: [key.trim()] } : { everything: true };
      const done = await ask("post", "/v1/services/{id}/restore", { path: { id }, body: { ...what, reason }, again: true });
      setSaid(`${done.count} ${done.count === 1 ? "key is" : "keys are"} in force again (journal ${done.position}). ${done.notes?.join(" ") ?? ""}`);
      after();
    } catch (failed) {
      setError(failed);
    }
  }

  return (
    <section class="card">
      <h2>It was none, or it is over</h2>
      <p>What the act has stopped works again within what each grant allows. Whoever stole the keys' secrets still knows them.</p>
      <form class="row" onSubmit={act}>
        <label class="grow">One key alone (empty: all, and the service is trusted again) <input value={key} onInput={(event) => setKey(event.currentTarget.value)} spellcheck={false} /></label>
        <label class="grow">Why <input value={reason} onInput={(event) => setReason(event.currentTarget.value)} required maxLength={500} /></label>
        <button type="submit">Give back</button>
      </form>
      {said ? <p class="said good" role="status">{said}</p> : null}
      <Said error={error} />
    </section>
  );
}
