import { language } from "./language";
import chinese from "./labels.zh-CN.json";

const words: Record<string, string> = language === "zh-CN" ? { ...chinese.labels, ...chinese.sections } : {};

/** GraphiQL speaks English only: its labels are sent through here when the console is built. */
export function label(english: string): string {
  return words[english] ?? english;
}
