import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const FILE = "THIRD_PARTY_LICENSES.txt";

/** The folder of the installed package a module belongs to; undefined for our own sources. */
function packageFolder(id: string): string | undefined {
  const path = id.replace(/^\0/, "").split("?")[0] ?? "";
  return /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
}

interface Manifest {
  name: string;
  version: string;
  license?: string;
  author?: string | { name: string };
}

const PERMISSION = /Permission is hereby granted[\s\S]*$/;

/** The licence of a package that ships no copy: the standard text, in its author's name. */
function standardText({ name, license, author }: Manifest): string {
  const react = readFileSync(new URL("../node_modules/react/LICENSE", import.meta.url), "utf8");
  const text = PERMISSION.exec(react)?.[0].trim();
  if (license !== "MIT" || !text) throw new Error(`${name} (${license}) ships no licence text`);
  const holder = (typeof author === "object" ? author.name : author) ?? `the authors of ${name}`;
  return `MIT License\n\nCopyright (c) ${holder}\n\n${text}`;
}

function notice(folder: string): [title: string, text: string] {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  const texts = readdirSync(folder)
    .filter((name) => /^(licen[cs]e|notice|copying|thirdpartynotices)/i.test(name))
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8").replace(/\r\n/g, "\n").trim());
  if (!texts.length) texts.push(standardText(manifest));
  const title = `${manifest.name} ${manifest.version} (${manifest.license})`;
  return [title, [title, ...texts].join("\n\n")];
}

/** Writes the licences of every package that went into the bundle or into one of its workers. */
export function licenses(): { main: () => Plugin; worker: () => Plugin } {
  const folders = new Set<string>();
  const collect = (ids: Iterable<string>) => {
    for (const id of ids) {
      const folder = packageFolder(id);
      if (folder && existsSync(join(folder, "package.json"))) folders.add(folder);
    }
  };
  const plugin = (emit: boolean) => (): Plugin => ({
    name: "licenses",
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) if (chunk.type === "chunk") collect(chunk.moduleIds);
      if (!emit) return;
      collect([...this.getModuleIds()].filter((id) => /\.(css|ttf)(\?|$)/.test(id)));
      const byTitle = new Map([...folders].map(notice));
      const parts = [...byTitle.keys()].sort().map((title) => byTitle.get(title));
      const rule = `\n\n${"-".repeat(80)}\n\n`;
      const head = "The console contains the following packages, each under its own licence.";
      this.emitFile({ type: "asset", fileName: FILE, source: [head, ...parts].join(rule) + "\n" });
    },
  });
  return { main: plugin(true), worker: plugin(false) };
}
