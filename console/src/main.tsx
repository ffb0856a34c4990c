// The console: who is signed in, where one is, and the page of that place.
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ask, lookWho, me } from "./api";
import "./look";
import "./looking.css";
import { AskedAgain } from "./parts/confirm";
import { Empty, Page, Said } from "./parts/bits";
import { Accounts, Approvals } from "./pages/desk";
import { Enter, SignIn } from "./pages/entrance";
import { Incident } from "./pages/incident";
import { Incidents } from "./pages/incidents";
import { Issue } from "./pages/issue";
import { Key } from "./pages/key";
import { Keys } from "./pages/keys";
import { Overview } from "./pages/overview";
import { Service, Services } from "./pages/services";
import { Journal } from "./pages/journal";
import { Canaries } from "./pages/canaries";
import { Settings } from "./pages/settings";
import { place, to } from "./router";

const NAVIGATION: [string, string][] = [
  ["", "Overview"], ["keys", "Keys"], ["services", "Services"], ["approvals", "Approvals"], ["incidents", "Incidents"],
  ["canaries", "Canaries"], ["journal", "Journal"], ["accounts", "Accounts"], ["settings", "Settings"],
];

/** What concerns the whole house is not for an owner. */
const HOUSE = new Set(["canaries", "journal"]);

function View() {
  const [view = "", id] = place.value.parts;
  switch (view) {
    case "":
      return <Overview />;
    case "keys":
      return id ? <Key key={id} id={id} /> : <Keys />;
    case "issue":
      return <Issue />;
    case "services":
      return id ? <Service key={id} id={id} /> : <Services />;
    case "approvals":
      return <Approvals />;
    case "incidents":
      return id ? <Incident key={id} id={id} /> : <Incidents />;
    case "canaries":
      return <Canaries />;
    case "journal":
      return <Journal />;
    case "accounts":
      return <Accounts />;
    case "settings":
      return <Settings />;
    default:
      return (
        <Page title="Nothing is here">
          <Empty>This address leads nowhere. <a href={to()}>Back to the overview</a></Empty>
        </Page>
      );
  }
}

function App() {
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    lookWho().catch(setError);
  }, []);
  if (place.value.parts[0] === "enter") return <Enter />;
  if (error) return <main id="main"><Said error={error} /></main>;
  if (me.value === undefined) return <p class="waiting" role="status">Loading…</p>;
  if (me.value === null) return <SignIn />;
  const here = place.value.parts[0] ?? "";
  return (
    <>
      <a class="skip" href="#main">To the content</a>
      <nav aria-label="Main">
        <a class="name" href={to()}>Bailiwick</a>
        <ul>
          {NAVIGATION.filter(([path]) => me.value?.role !== "owner" || !HOUSE.has(path)).map(([path, title]) => (
            <li key={path}>
              <a href={to(...(path ? [path] : []))} aria-current={here === path ? "page" : undefined}>{title}</a>
            </li>
          ))}
        </ul>
        <p class="who">
          {me.value.name}{" "}
          <button onClick={() => { void ask("post", "/v1/session/end", {}).finally(() => { me.value = null; }); }}>Sign out</button>
        </p>
      </nav>
      <View />
      <AskedAgain />
    </>
  );
}

const root = document.getElementById("app");
if (root) {
  root.replaceChildren();
  render(<App />, root);
}
