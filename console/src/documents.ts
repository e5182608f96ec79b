import { parse, print, separateOperations } from "graphql";
import source from "./documents.graphql?raw";

export type DocumentName =
  | "WhoAmI"
  | "SignInStaff"
  | "RequestSmsCode"
  | "SignInWithSmsCode"
  | "RefreshSession"
  | "SignOut";

const documents = separateOperations(parse(source, { noLocation: true }));

/** The text of one operation, with only the fragments it needs. */
export function documentText(name: DocumentName): string {
  const document = documents[name];
  if (!document) throw new Error(`documents.graphql has no operation ${name}`);
  return print(document);
}
