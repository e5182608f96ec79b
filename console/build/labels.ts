import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const HELPER = fileURLToPath(new URL("../src/labels.ts", import.meta.url));
const WORDS = fileURLToPath(new URL("../src/labels.zh-CN.json", import.meta.url));
const GRAPHIQL = /node_modules\/(graphiql|@graphiql\/(react|plugin-doc-explorer|plugin-history))\/dist\/.*\.js$/;
const SECTION = /plugin-doc-explorer\/dist\/components\/section\.js$/;

interface Words {
  labels: Record<string, string>;
  /** Headings of the documentation. GraphiQL finds their icons by the English word, so they are translated where they are shown. */
  sections: Record<string, string>;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/**
 * Sends GraphiQL's English labels through `label()`. A label that begins or ends with a blank or an open
 * bracket is a part of a template string; every other is a whole string literal. The build fails when one
 * is no longer found, so that an upgrade of GraphiQL cannot lose translations silently.
 */
export function labels(): Plugin {
  const words = JSON.parse(readFileSync(WORDS, "utf8")) as Words;
  const missing = new Set([...Object.keys(words.labels), "sections"]);

  function translate(code: string, word: string): string {
    const call = `__label(${JSON.stringify(word)})`;
    const part = /^\s|[\s(]$/.test(word);
    const pattern = part
      ? new RegExp(`(?<=[\`}])${escaped(word)}(?=[\`$])`, "g")
      : new RegExp(`(?<=(?:[?:=,[]|\\|\\|)\\s*)"${escaped(word)}"`, "g");
    return code.replace(pattern, () => {
      missing.delete(word);
      return part ? `\${${call}}` : call;
    });
  }

  function translateSections(code: string): string {
    const complete = Object.keys(words.sections).every((word) => new RegExp(`^ +"?${word}"?: `, "m").test(code));
    return code.replace(/(t1,\s+)title(?=\s+\])/, (_, before: string) => {
      if (complete) missing.delete("sections");
      return `${before}__label(title)`;
    });
  }

  return {
    name: "labels",
    transform(code, id) {
      if (!GRAPHIQL.test(id)) return null;
      const translated = Object.keys(words.labels).reduce(translate, SECTION.test(id) ? translateSections(code) : code);
      if (translated === code) return null;
      return { code: `import { label as __label } from ${JSON.stringify(HELPER)};\n${translated}`, map: null };
    },
    buildEnd(error) {
      if (!error && missing.size) this.error(`GraphiQL no longer says: ${[...missing].join(", ")}`);
    },
  };
}
