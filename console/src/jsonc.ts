/**
 * Formats JSON with comments for Prettier. GraphiQL formats variables and headers with Prettier's Babel
 * parser and its printer, half a megabyte; the parser of JSON that GraphiQL has anyway does it as well.
 */
import { applyEdits, format } from "jsonc-parser";

interface Formatted {
  text: string;
}

export const parsers = {
  jsonc: {
    astFormat: "formatted-jsonc",
    parse(text: string): Formatted {
      return { text: applyEdits(text, format(text, undefined, { insertSpaces: true, tabSize: 2 })) };
    },
    locStart: () => 0,
    locEnd: (node: Formatted) => node.text.length,
  },
};

export const printers = {
  "formatted-jsonc": { print: (path: { node: Formatted }) => path.node.text },
};
