import "./workers";
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./style.css";

import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";
import { EXAMPLES, NewRequestId } from "./examples";
import { fetcher } from "./fetcher";
import { Header } from "./header";
import { language, t } from "./language";
import { FollowAnswer, narrow } from "./narrow";
import { storage } from "./storage";

const PLUGINS = [EXAMPLES, HISTORY_PLUGIN];

function Console() {
  return (
    <>
      <Header />
      <main>
        <GraphiQL
          fetcher={fetcher}
          storage={storage}
          plugins={PLUGINS}
          visiblePlugin={narrow.matches ? undefined : EXAMPLES}
          defaultQuery={t("welcome")}
          defaultEditorToolsVisibility="variables"
          shouldPersistHeaders={false}
          showPersistHeadersSettings={false}
        >
          <GraphiQL.Logo>{null}</GraphiQL.Logo>
          <GraphiQL.Toolbar>
            {({ prettify, merge, copy }) => (
              <>
                {prettify}
                <NewRequestId />
                {merge}
                {copy}
              </>
            )}
          </GraphiQL.Toolbar>
          <FollowAnswer />
        </GraphiQL>
      </main>
    </>
  );
}

document.documentElement.lang = language;
document.title = t("title");
const root = document.getElementById("console");
if (!root) throw new Error("index.html has no #console");
createRoot(root).render(<Console />);
