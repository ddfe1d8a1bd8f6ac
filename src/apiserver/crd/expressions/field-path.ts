import { type Schema, valueSchema } from "../../../apimachinery/index.ts";

/**
 * Reads the path of a rule's field, `.spec.ports` or `['a.b'].c`, which must lead along properties and maps of the schema.
 *
 * @returns the path as field errors write it, without a dot before it; `undefined` for one that leads nowhere
 */
export function fieldPathOf(path: string, schema: Schema): string | undefined {
  const steps = stepsOf(path);
  if (steps === undefined) return undefined;
  let here: Schema | undefined = schema;
  let result = "";
  for (const step of steps) {
    if (here === undefined) return undefined;
    if (here.properties !== undefined) {
      here = Object.hasOwn(here.properties, step) ? here.properties[step] : undefined;
      result += result === "" ? step : `.${step}`;
    } else {
      here = valueSchema(here);
      result += `[${step}]`;
    }
  }
  return here === undefined ? undefined : result;
}

const letters: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "'": "'",
  "\\": "\\",
};

/** The names in a path; `undefined` when it is none. */
function stepsOf(path: string): string[] | undefined {
  const steps: string[] = [];
  const step = /\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\]/y;
  while (step.lastIndex < path.length) {
    const [all, name, quoted] = step.exec(path) ?? [];
    if (all === undefined) return undefined;
    if (name !== undefined) steps.push(name);
    if (quoted === undefined) continue;
    if (/\\[^abfnrtv'\\]/.test(quoted.replace(/\\[abfnrtv'\\]/g, ""))) return undefined;
    steps.push(quoted.replace(/\\(.)/g, (_all, letter: string) => letters[letter] ?? letter));
  }
  return steps;
}
