// The canaries: where each lies, and whether somebody took it.
import { ask } from "../api";
import { Empty, Mark, Page, Shown, Time, plain, useLoaded } from "../parts/bits";
import { to } from "../router";

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
