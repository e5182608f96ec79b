import { parseJSONC } from "@graphiql/react";

type Json = Record<string, unknown>;

/**
 * An example's variables, ready to send: `"$uuid"` becomes a fresh UUID, `"$today"` the date here, and
 * `"$name"` what this server offers under that name; where it offers nothing the word stays, to be replaced by hand.
 */
export function fillIn(variables: Json, values: Json): Json {
  const replace = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(replace);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, replace(each)]));
    }
    if (typeof value !== "string" || !/^\$\w+$/.test(value)) return value;
    if (value === "$uuid") return crypto.randomUUID();
    if (value === "$today") return today();
    return values[value.slice(1)] ?? value;
  };
  return replace(variables) as Json;
}

/** Today in the town, as `2026-11-21`. */
function today(): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(new Date());
}

/** The variables' text with a new `requestId` in its input; null when it is not a JSON object. */
export function withFreshRequestId(text: string): string | null {
  const id = crypto.randomUUID();
  const present = /("requestId"\s*:\s*)"[^"]*"/;
  if (present.test(text)) return text.replace(present, `$1"${id}"`);
  try {
    const variables = (text.trim() ? parseJSONC(text) : {}) as { input?: Json } & Json;
    return JSON.stringify({ ...variables, input: { requestId: id, ...variables.input } }, null, 2);
  } catch {
    return null;
  }
}
