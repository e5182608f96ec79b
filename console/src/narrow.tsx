import { useGraphiQL } from "@graphiql/react";
import { useEffect } from "react";

/** Below this width, as in style.css, panels cover the editors and the answer stands below them. */
export const narrow = window.matchMedia("(max-width: 760px)");

/** On a narrow screen, brings the answer into view when an operation is sent. */
export function FollowAnswer() {
  const isFetching = useGraphiQL((state) => state.isFetching);
  useEffect(() => {
    if (isFetching && narrow.matches) document.querySelector(".graphiql-response")?.scrollIntoView();
  }, [isFetching]);
  return null;
}
