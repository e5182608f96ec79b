import { useSyncExternalStore } from "react";
import { demoSignIns, type DemoSignIn } from "./demo";
import { documentText, type DocumentName } from "./documents";
import { t } from "./language";
import { firstMessage, refusedFor, send, type Request, type Result } from "./transport";

export interface Who {
  name: string | null;
  role: string | null;
}

export interface Session {
  accessToken: string;
  accessExpiresAt: string | null;
  refreshToken: string | null;
  who: Who | null;
  /** The label of the demo sign-in this session came from: its token is fetched anew when it expires. */
  demo: string | null;
}

interface State {
  session: Session | null;
  notice: string | null;
}

interface Tokens {
  accessToken: string;
  accessExpiresAt: string;
  refreshToken: string;
  viewer: Who | null;
}

const KEY = "console.session";
const SOON_MS = 30_000;
/** Refusals that say nothing about the refresh token: the session is kept. */
const PASSING = ["UNAVAILABLE", "RATE_LIMITED", "INTERNAL"];

let state: State = { session: stored(), notice: null };
const listeners = new Set<() => void>();

// A duplicated browser tab carries the same refresh token. Using one twice ends the whole family,
// so the tab that refreshes tells the others.
const channel = new BroadcastChannel(KEY);
channel.onmessage = ({ data }: MessageEvent<{ replaces: string; session: Session | null }>) => {
  if (state.session?.refreshToken === data.replaces) keep(data.session);
};

function stored(): Session | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Session | null;
  } catch {
    return null;
  }
}

function keep(session: Session | null, notice: string | null = null): void {
  state = { session, notice };
  if (session) sessionStorage.setItem(KEY, JSON.stringify(session));
  else sessionStorage.removeItem(KEY);
  listeners.forEach((listener) => listener());
}

export function useSession(): State {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}

function ask(name: DocumentName, input?: unknown): Request {
  const variables = input === undefined ? {} : { input };
  return { query: documentText(name), operationName: name, variables };
}

/** The payload of a mutation, or an Error with the API's own words. */
async function mutate<T>(name: DocumentName, field: string, input: unknown): Promise<T> {
  const result = await send(ask(name, input));
  const payload = result.data?.[field];
  if (!payload) throw new Error(firstMessage(result) ?? t("refused"));
  return payload as T;
}

async function open(name: DocumentName, field: string, input: unknown): Promise<Session> {
  const { session } = await mutate<{ session: Tokens }>(name, field, input);
  return {
    accessToken: session.accessToken,
    accessExpiresAt: session.accessExpiresAt,
    refreshToken: session.refreshToken,
    who: session.viewer,
    demo: null,
  };
}

export async function signInStaff(input: { userName: string; password: string; totp: string | null }): Promise<void> {
  keep(await open("SignInStaff", "signInStaff", input));
}

export async function signInWithSmsCode(input: { phone: string; code: string }): Promise<void> {
  keep(await open("SignInWithSmsCode", "signInWithSmsCode", input));
}

export function requestSmsCode(phone: string): Promise<{ sent: boolean; retryAfter: number | null }> {
  return mutate("RequestSmsCode", "requestSmsCode", { phone });
}

export async function signInDemo(demo: DemoSignIn): Promise<void> {
  const session = demoSession(demo);
  const result = await send(ask("WhoAmI"), bearer(session));
  const viewer = result.data?.["viewer"] as Who | null | undefined;
  keep({ ...session, who: viewer ?? session.who });
}

function demoSession(demo: DemoSignIn): Session {
  return {
    accessToken: demo.accessToken,
    accessExpiresAt: null,
    refreshToken: null,
    who: { name: demo.label, role: demo.role },
    demo: demo.label,
  };
}

/** End the session at the API, forget all that this tab holds (open operations included) and start anew. */
export async function signOut(): Promise<void> {
  const { session } = state;
  if (session) await send(ask("SignOut", { everywhere: false }), await authorization()).catch(() => undefined);
  if (state.session?.refreshToken) channel.postMessage({ replaces: state.session.refreshToken, session: null });
  sessionStorage.clear();
  location.reload();
}

let renewal: Promise<boolean> | null = null;

/** Get a fresh access token, once for all who wait; false when there is none to be had. */
function renew(): Promise<boolean> {
  renewal ??= exchange().finally(() => {
    renewal = null;
  });
  return renewal;
}

async function exchange(): Promise<boolean> {
  const { session } = state;
  if (session?.refreshToken) {
    const { refreshToken } = session;
    const result = await send(ask("RefreshSession", { refreshToken }));
    const payload = result.data?.["refreshSession"] as { session: Tokens } | null | undefined;
    if (payload) {
      const { viewer, ...tokens } = payload.session;
      const renewed: Session = { ...session, ...tokens, who: viewer ?? session.who };
      keep(renewed);
      channel.postMessage({ replaces: refreshToken, session: renewed });
      return true;
    }
    if (PASSING.some((code) => refusedFor(result, code))) throw new Error(firstMessage(result));
  } else if (session?.demo) {
    const again = (await demoSignIns(true)).find((each) => each.label === session.demo);
    if (again && again.accessToken !== session.accessToken) {
      keep({ ...demoSession(again), who: session.who });
      return true;
    }
  }
  return false;
}

function bearer(session: Session | null): Record<string, string> {
  return session ? { authorization: `Bearer ${session.accessToken}` } : {};
}

function runsOut(session: Session): boolean {
  return session.accessExpiresAt !== null && Date.parse(session.accessExpiresAt) - Date.now() < SOON_MS;
}

/** Renew, or end the session here when there is no renewing it. */
async function renewOrEnd(): Promise<boolean> {
  const renewed = await renew();
  if (!renewed) keep(null, t("expired"));
  return renewed;
}

/** The authorization header for a request made now; a token that was refused or soon runs out is renewed before. */
export async function authorization(refused = false): Promise<Record<string, string>> {
  if (refused && state.session) await renewOrEnd();
  else if (state.session && runsOut(state.session)) await renew().catch(() => false);
  return bearer(state.session);
}

/**
 * Send an operation as whoever is signed in. An expired token is renewed once and the operation sent
 * again (it was refused, so nothing happened twice). When it cannot be renewed the session ends here:
 * only the schema is then asked for anonymously, lest a public mutation be sent in nobody's name.
 * Headers that the user wrote win, so that an app's own token can be tried.
 */
export async function sendSignedIn(request: Request, headers: Record<string, string>): Promise<Result> {
  const own = Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
  if (own) return send(request, headers);
  const token = await authorization();
  const result = await send(request, { ...token, ...headers });
  if (!state.session || !refusedFor(result, "UNAUTHENTICATED")) return result;
  const renewed = bearer(state.session)["authorization"] !== token["authorization"] || (await renewOrEnd());
  if (!renewed && request.operationName !== "IntrospectionQuery") return result;
  return send(request, { ...bearer(state.session), ...headers });
}
