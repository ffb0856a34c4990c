// The control API, by the types that its own OpenAPI document gives: a route that changes fails the build here.
import { signal } from "@preact/signals";
import type { components, paths } from "./api.gen";
import { askAgain } from "./again";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];
export type Me = Schemas["SignedInView"];

type Json<T> = T extends { content: { "application/json": infer J } } ? J : never;
type Operation<P extends keyof paths, M extends string> = M extends keyof paths[P] ? NonNullable<paths[P][M]> : never;
export type Answer<P extends keyof paths, M extends string> =
  Operation<P, M> extends { responses: { 200: infer R } } ? Json<R> : never;
type Body<P extends keyof paths, M extends string> =
  Operation<P, M> extends { requestBody?: infer B } ? Json<NonNullable<B>> : never;
type Query<P extends keyof paths, M extends string> =
  Operation<P, M> extends { parameters: { query?: infer Q } } ? Q : never;
type Place<P extends keyof paths, M extends string> =
  Operation<P, M> extends { parameters: { path: infer Q } } ? Q : never;

export type With<P extends keyof paths, M extends string> = {
  query?: Query<P, M>;
  body?: Body<P, M>;
  signal?: AbortSignal;
  /** Whether it is known to ask once more who one is: then that comes first. */
  again?: boolean;
} & ([Place<P, M>] extends [never] ? { path?: never } : { path: Place<P, M> });

/** Who is signed in; undefined while nobody knows, null where nobody is. */
export const me = signal<Me | null | undefined>(undefined);

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Partial<Problem>,
  ) {
    super(problem.detail ?? "no answer came; is Bailiwick running?");
  }

  get field(): string {
    return this.problem.errors?.[0]?.field ?? "";
  }

  get remedy(): string {
    return this.problem.remedy ?? "";
  }
}

/** Ask a route. Where it asks once more who one is, that is asked first, and then the request is sent again. */
export async function ask<P extends keyof paths, M extends "get" | "post" | "patch" | "delete">(
  method: M,
  path: P,
  given: With<P, M>,
): Promise<Answer<P, M>> {
  const place = (given.path ?? {}) as Record<string, string>;
  const address = addressOf(path, place, given.query as Values | undefined);
  const body = given.body === undefined ? undefined : JSON.stringify(given.body);
  const act = { method: method.toUpperCase(), route: path, address, place, body };
  try {
    if (given.again) await askAgain(act);
    return (await send(method, address, body, given.signal)) as Answer<P, M>;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 428) throw error;
    await askAgain(act);
    return (await send(method, address, body, given.signal)) as Answer<P, M>;
  }
}

type Values = Record<string, string | number | boolean | undefined>;

function addressOf(path: string, place: Record<string, string>, query: Values | undefined): string {
  const address = path.replace(/{(\w+)}/g, (_, name: string) => encodeURIComponent(place[name] ?? ""));
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== "") asked.set(name, String(value));
  }
  const text = asked.toString();
  return text ? `${address}?${text}` : address;
}

async function send(method: string, address: string, body?: string, abort?: AbortSignal): Promise<unknown> {
  const headers: Record<string, string> = {};
  if (method !== "get") headers["X-Bailiwick-CSRF"] = me.value?.csrf ?? "";
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const init: RequestInit = { method: method.toUpperCase(), headers, credentials: "same-origin" };
  if (body !== undefined) init.body = body;
  if (abort !== undefined) init.signal = abort;
  let response: Response;
  try {
    response = await fetch(address, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, { detail: "no answer came; is Bailiwick running?" });
  }
  const text = await response.text();
  let read: unknown;
  try {
    read = text ? JSON.parse(text) : {};
  } catch {
    read = {};
  }
  if (response.ok) return read;
  if (response.status === 401 && me.value) me.value = null;
  throw new ApiError(response.status, read as Partial<Problem>);
}

/** Look who is signed in. */
export async function lookWho(): Promise<void> {
  const welcome = await ask("get", "/v1/sign-in", {});
  me.value = welcome.signed_in ? await ask("get", "/v1/session", {}) : null;
}
