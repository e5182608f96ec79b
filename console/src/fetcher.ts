import type { Fetcher, FetcherOpts, FetcherParams, Observable } from "@graphiql/toolkit";
import { getOperationAST, type DocumentNode } from "graphql";
import { CloseCode, createClient } from "graphql-ws";
import { language, t } from "./language";
import { authorization, sendSignedIn } from "./session";
import { endpoint, type Result } from "./transport";

/** GraphiQL's one way out: POST for queries and mutations, a WebSocket for subscriptions. */
export const fetcher: Fetcher = (params, options) => {
  const headers = written(options);
  return isSubscription(options?.documentAST, params.operationName)
    ? subscribe(params, headers)
    : sendSignedIn(params, headers);
};

function written(options: FetcherOpts | undefined): Record<string, string> {
  const entries = Object.entries((options?.headers ?? {}) as Record<string, unknown>);
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), String(value)]));
}

function isSubscription(document: DocumentNode | undefined, name: string | null | undefined): boolean {
  return document !== undefined && getOperationAST(document, name)?.operation === "subscription";
}

interface Sink {
  next(result: Result): void;
  error(error: unknown): void;
  complete(): void;
}

/** Each subscription opens a socket of its own, so that it speaks for whoever is signed in then. */
function subscribe({ query, operationName, variables }: FetcherParams, headers: Record<string, string>): Observable<Result> {
  const url = new URL(endpoint);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  let refused = false;
  const client = createClient({
    url: url.href,
    retryAttempts: 2,
    connectionParams: async () => ({ ...(await authorization(refused)), "accept-language": language, ...headers }),
    on: {
      closed: (event) => {
        refused = event instanceof CloseEvent && event.code === CloseCode.Forbidden;
      },
    },
  });
  const start = (sink: Sink) => {
    client.subscribe<Record<string, unknown>>(
      { query, variables, operationName: operationName ?? null },
      {
        next: (result) => sink.next(result as Result),
        error: (error) => sink.error(readable(error)),
        complete: () => sink.complete(),
      },
    );
    return { unsubscribe: () => void client.dispose() };
  };
  // GraphiQL always passes one sink, never the three functions that the type allows as well.
  return { subscribe: start as Observable<Result>["subscribe"] };
}

function readable(error: unknown): unknown {
  if (error instanceof CloseEvent) return new Error(t("socketClosed", { code: error.code, reason: error.reason }));
  return error instanceof Event ? new Error(t("noAnswer")) : error;
}
