import type { ExecutionResult } from "graphql";
import { language, t } from "./language";

/** The API stands beside the console: `/console/` and `/graphql`, under whatever prefix. */
export const endpoint = new URL("../graphql", document.baseURI);

export interface Request {
  query: string;
  operationName?: string | null | undefined;
  variables?: unknown;
}

export type Result = ExecutionResult<Record<string, unknown>>;

/** POST one operation. A network failure or an answer that is not GraphQL is an Error with a readable message. */
export async function send(request: Request, headers: Record<string, string> = {}): Promise<Result> {
  let response: Response;
  try {
    response = await fetch(endpoint, {
      method: "POST",
      cache: "no-store",
      headers: {
        "content-type": "application/json",
        accept: "application/graphql-response+json, application/json;q=0.9",
        "accept-language": language,
        ...headers,
      },
      body: JSON.stringify(request),
    });
  } catch {
    throw new Error(t("noAnswer"));
  }
  try {
    return (await response.json()) as Result;
  } catch {
    throw new Error(t("badAnswer", { status: response.status }));
  }
}

export function refusedFor(result: Result, code: string): boolean {
  return result.errors?.some((error) => error.extensions?.["code"] === code) ?? false;
}

/** The first error's message, written by the API in the caller's language. */
export function firstMessage(result: Result): string | undefined {
  return result.errors?.[0]?.message;
}
