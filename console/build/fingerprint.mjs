/**
 * `write` records in build.json what the console was built from and what came out;
 * `check` fails when either has changed since. One rule for both: sha256 over the sorted lines
 * "path sha256-of-the-file\n", paths relative with forward slashes.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCES = fileURLToPath(new URL("..", import.meta.url));
const BUILT = fileURLToPath(new URL("../../api/console", import.meta.url));
const RECORD = join(BUILT, "build.json");
const INPUTS = ["build", "index.html", "package-lock.json", "package.json", "src", "tsconfig.json", "vite.config.ts"];

const sha256 = (data) => createHash("sha256").update(data).digest("hex");

function fingerprint(folder, counts) {
  const lines = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .filter((path) => counts(path.split("/")[0]))
    .sort((a, b) => (a < b ? -1 : 1))
    .map((path) => `${path} ${sha256(readFileSync(join(folder, path)))}\n`);
  return sha256(lines.join(""));
}

const now = {
  sources: fingerprint(SOURCES, (name) => INPUTS.includes(name)),
  built: fingerprint(BUILT, (name) => name !== "build.json"),
};

if (process.argv[2] === "write") {
  writeFileSync(RECORD, JSON.stringify(now, null, 2) + "\n");
} else {
  const then = JSON.parse(readFileSync(RECORD, "utf8"));
  const changed = Object.keys(now).filter((part) => now[part] !== then[part]);
  if (changed.length) {
    console.error(`The console's ${changed.join(" and ")} changed since the last build: run "npm run build".`);
    process.exit(1);
  }
}
