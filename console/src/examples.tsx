import { ToolbarButton, useGraphiQL, useGraphiQLActions, type GraphiQLPlugin } from "@graphiql/react";
import { useEffect, useState } from "react";
import { demoValues } from "./demo";
import { pick, t, type Text } from "./language";
import { narrow } from "./narrow";
import { useSession } from "./session";
import { fillIn, withFreshRequestId } from "./variables";

type Role = "anonymous" | "resident" | "landlord" | "warden" | "supervisor" | "admin" | "app";

interface Example {
  title: Text;
  note?: Text;
  query: string[];
  variables?: Record<string, unknown>;
}

interface Group {
  role: Role;
  title: Text;
  operations: Example[];
}

export const EXAMPLES: GraphiQLPlugin = { title: t("examples"), icon: BookIcon, content: Examples };

function Examples() {
  const [groups, setGroups] = useState<Group[] | null>(null);
  const [failed, setFailed] = useState(false);
  const open = useOpenExample();
  const role = groupOf(useSession().session?.who?.role);

  useEffect(() => {
    fetch("operations.json")
      .then((response) => response.json() as Promise<{ groups: Group[] }>)
      .then((file) => setGroups(file.groups))
      .catch(() => setFailed(true));
  }, []);

  return (
    <section className="examples" aria-label={t("examples")}>
      <h2>{t("examples")}</h2>
      <p>{failed ? t("examplesMissing") : t("examplesHint")}</p>
      {groups?.map((group) => (
        <details key={`${group.role} ${role}`} open={group.role === role}>
          <summary>
            {pick(group.title)}
            {group.role === role && role !== "anonymous" && <small>{t("yours")}</small>}
          </summary>
          <ul>
            {group.operations.map((example) => (
              <li key={example.title.en}>
                <button type="button" onClick={() => void open(example)}>
                  <b>{pick(example.title)}</b>
                  <Kind query={example.query} />
                  {example.note && <span>{pick(example.note)}</span>}
                </button>
              </li>
            ))}
          </ul>
        </details>
      ))}
    </section>
  );
}

function Kind({ query }: { query: string[] }) {
  const kind = /^(mutation|subscription)\b/.exec(query[0] ?? "")?.[1] as "mutation" | "subscription" | undefined;
  return <em data-kind={kind ?? "query"}>{t(kind ?? "query")}</em>;
}

/** The group of examples for a viewer's role. */
function groupOf(role: string | null | undefined): Role {
  switch (role?.toUpperCase()) {
    case undefined:
      return "anonymous";
    case "RESIDENT":
    case "TENANT":
      return "resident";
    case "LANDLORD":
    case "OPERATOR":
      return "landlord";
    case "WARDEN":
      return "warden";
    case "ADMIN":
      return "admin";
    case "APP":
      return "app";
    default:
      return "supervisor";
  }
}

/** Open an example in a tab of its own, or in the one at hand when nothing is written there yet. */
function useOpenExample() {
  const { addTab, setVisiblePlugin } = useGraphiQLActions();
  const { queryEditor, variableEditor } = useGraphiQL(({ queryEditor, variableEditor }) => ({
    queryEditor,
    variableEditor,
  }));
  return async ({ query, variables = {} }: Example) => {
    const filled = fillIn(variables, await demoValues());
    const written = queryEditor?.getValue().replace(/^\s*#.*$/gm, "").trim();
    if (written) addTab();
    queryEditor?.setValue(query.join("\n") + "\n");
    variableEditor?.setValue(Object.keys(filled).length ? JSON.stringify(filled, null, 2) : "");
    // There the panel covers the editors.
    if (narrow.matches) setVisiblePlugin(null);
    else queryEditor?.focus();
  };
}

/** A toolbar button: the variables get a requestId that was never used. An Error is shown beside the button. */
export function NewRequestId() {
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const insert = () => {
    const fresh = withFreshRequestId(variableEditor?.getValue() ?? "");
    if (fresh === null) throw new Error(t("noRequestId"));
    variableEditor?.setValue(fresh);
  };
  return (
    <ToolbarButton label={t("newRequestId")} onClick={insert}>
      <span className="request-id" aria-hidden="true">
        ID
      </span>
    </ToolbarButton>
  );
}

function BookIcon() {
  return (
    <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinejoin="round">
      <path d="M3 4.5c2.5-1 5-1 7 .5v11c-2-1.5-4.500-1.500-7-.5zM17 4.5c-2.5-1-5-1-7 .5v11c2-1.5 4.5-1.5 7-.5z" />
    </svg>
  );
}
