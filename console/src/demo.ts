/** A sign-in that a development server offers at `demo.json`; in production there is none (404). */
export interface DemoSignIn {
  role: string;
  label: string;
  userName?: string;
  phone?: string;
  accessToken: string;
}

interface Demo {
  signIns: DemoSignIn[];
  /** What stands for `$name` in the examples' variables on this server. */
  values?: Record<string, unknown>;
}

let demo: Promise<Demo> | null = null;

function read(): Promise<Demo> {
  return fetch("demo.json", { cache: "no-store" })
    .then((response) => (response.ok ? (response.json() as Promise<Demo>) : { signIns: [] }))
    .catch(() => ({ signIns: [] }));
}

export async function demoSignIns(again = false): Promise<DemoSignIn[]> {
  if (again) demo = null;
  return (await (demo ??= read())).signIns;
}

export async function demoValues(): Promise<Record<string, unknown>> {
  return (await (demo ??= read())).values ?? {};
}
