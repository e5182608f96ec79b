/**
 * Where GraphiQL keeps its state. Operations and their variables may hold personal data, so they stay
 * with the browser tab and end with it; only the choice of light or dark is remembered.
 */
const REMEMBERED = "graphiql:theme";

const home = (key: string): Storage => (key === REMEMBERED ? localStorage : sessionStorage);
const kept = (): string[] => Object.keys(sessionStorage).filter((key) => key.startsWith("graphiql:"));

export const storage = {
  getItem: (key: string) => home(key).getItem(key),
  setItem: (key: string, value: string) => home(key).setItem(key, value),
  removeItem: (key: string) => home(key).removeItem(key),
  clear: () => kept().forEach((key) => sessionStorage.removeItem(key)),
  get length() {
    return kept().length;
  },
};
