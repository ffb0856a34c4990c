// One choice of a grant: its field, why it is proposed, what a thief could do with it, and what is wrong with it.
import type { ComponentChildren } from "preact";
import { type Choices, change, draft } from "./draft";
import { thiefOf, wrongWith } from "./reckoning";

type Text = Exclude<keyof Choices, "symbols" | "order_types" | "networks">;
type List = "symbols" | "networks";

function Around({ name, children }: { name: keyof Choices; children: ComponentChildren }) {
  const wrong = wrongWith(name);
  const reason = draft.value.reasons[name];
  return (
    <div class="choice">
      {children}
      <div id={`about-${name}`}>
        {wrong ? <p class="wrong">Not so: {wrong}.</p> : null}
        <p class="thief">{thiefOf(name)}</p>
        {reason ? <p class="quiet">Proposed: {reason}</p> : null}
      </div>
    </div>
  );
}

function put<K extends keyof Choices>(name: K, value: Choices[K]): void {
  const choices = draft.value.choices;
  if (choices) change({ choices: { ...choices, [name]: value } });
}

type Given = { name: Text; label: string; unit?: string; type?: string; numeric?: boolean };

export function Field({ name, label, unit, type = "text", numeric = true }: Given) {
  return (
    <Around name={name}>
      <label>
        {label}
        <span class="measured">
          <input type={type} value={draft.value.choices?.[name] ?? ""} aria-describedby={`about-${name}`}
            aria-invalid={wrongWith(name) ? "true" : undefined} spellcheck={false} autocomplete="off"
            {...(numeric ? { inputMode: "decimal" as const } : {})}
            onInput={(event) => put(name, event.currentTarget.value)} />
          {unit ? <span class="quiet">{unit}</span> : null}
        </span>
      </label>
    </Around>
  );
}

/** Several names, separated by spaces, commas or lines. */
export function Names({ name, label, placeholder }: { name: List; label: string; placeholder: string }) {
  const listed = draft.value.choices?.[name] ?? [];
  return (
    <Around name={name}>
      <label>
        {label}
        <textarea rows={2} key={draft.value.drawn} defaultValue={listed.join(" ")} placeholder={placeholder}
          aria-describedby={`about-${name}`} aria-invalid={wrongWith(name) ? "true" : undefined} spellcheck={false}
          onInput={(event) => {
            const names = event.currentTarget.value.split(/[\s,;]+/).filter(Boolean);
            put(name, name === "symbols" ? names.map((each) => each.toUpperCase()) : names);
          }} />
      </label>
    </Around>
  );
}

const TYPES: [string, string][] = [
  ["LIMIT", "limit"], ["LIMIT_MAKER", "limit, maker only"], ["MARKET", "market"], ["STOP_LOSS", "stop-loss"],
  ["STOP_LOSS_LIMIT", "stop-loss, limit"], ["TAKE_PROFIT", "take-profit"], ["TAKE_PROFIT_LIMIT", "take-profit, limit"],
];

export function Types() {
  const taken = draft.value.choices?.order_types ?? [];
  return (
    <Around name="order_types">
      <fieldset class="bare" aria-describedby="about-order_types">
        <legend>Kinds of orders</legend>
        <div class="row">
          {TYPES.map(([type, words]) => (
            <label class="tick" key={type}>
              <input type="checkbox" checked={taken.includes(type)}
                onChange={(event) => {
                  const rest = taken.filter((each) => each !== type);
                  put("order_types", event.currentTarget.checked ? [...rest, type] : rest);
                }} />
              {words}
            </label>
          ))}
        </div>
      </fieldset>
    </Around>
  );
}
