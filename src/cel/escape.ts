/** Words of the language that cannot be names in expressions. */
const reserved: ReadonlySet<string> = new Set(
  (
    "true false null in as break const continue else for function if import let loop package namespace return " +
    "var void while"
  ).split(" "),
);

const escapes: Readonly<Record<string, string>> = {
  __: "__underscores__",
  ".": "__dot__",
  "-": "__dash__",
  "/": "__slash__",
};
const unescapes: Readonly<Record<string, string>> = { underscores: "__", dot: ".", dash: "-", slash: "/" };

export function isReserved(name: string): boolean {
  return reserved.has(name);
}

/** The name by which expressions select a property; `undefined` for one that they cannot select. */
export function escapeName(name: string): string | undefined {
  if (reserved.has(name)) return `__${name}__`;
  if (!/^[a-zA-Z_.\-/][a-zA-Z0-9_.\-/]*$/.test(name)) return undefined;
  return name.replace(/__|[./-]/g, (found) => escapes[found] ?? found);
}

/** The property that a name in an expression stands for; `undefined` for a name that none escapes to. */
export function unescapeName(name: string): string | undefined {
  let isValid = true;
  const result = name.replace(/__([^_]+)__/g, (all, word: string) => {
    const text = unescapes[word];
    if (text !== undefined) return text;
    if (!reserved.has(word) || all !== name) isValid = false;
    return word;
  });
  return isValid ? result : undefined;
}
