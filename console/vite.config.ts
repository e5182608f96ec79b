import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { labels } from "./build/labels.ts";
import { licenses } from "./build/licenses.ts";

const notices = licenses();
const source = (name: string) => fileURLToPath(new URL(`./src/${name}`, import.meta.url));

export default defineConfig({
  base: "./",
  resolve: {
    alias: [
      { find: "monaco-graphql/esm/monaco-editor.js", replacement: source("monaco.ts") },
      { find: /^(\.\/)?monaco-editor$/, replacement: source("monaco.ts") },
      { find: /^prettier\/(parser-babel|plugins\/estree)$/, replacement: source("jsonc.ts") },
      { find: "prettier/parser-graphql", replacement: "prettier/plugins/graphql" },
    ],
  },
  plugins: [labels(), notices.main()],
  worker: { format: "es", plugins: () => [notices.worker()] },
  build: {
    outDir: "../api/console",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 4000,
    // "use client" means something to server frameworks only.
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
});
