/** A step of a path: a field, or an item of a list, any of them for `*`. */
export type PathStep = { field: string } | { item: number | "*" };

/**
 * Reads a path of a field as Crossplane writes it: `spec.subnets[0].id`, `metadata.labels[example.com/name]`, `spec["a.b"]`,
 * `spec.ports[*].port`.
 *
 * @returns `undefined` for what Crossplane refuses
 */
export function parseFieldPath(path: string): PathStep[] | undefined {
  const steps: PathStep[] = [];
  let at = 0;
  while (at < path.length) {
    // Only a field that is the first or comes after a period stands for itself; `[` may follow anything but a period.
    part.lastIndex = at;
    const match = part.exec(path);
    if (match === null) return undefined;
    const [all, period, name, bracketed] = match;
    if (name !== undefined && (period === undefined) !== (at === 0)) return undefined;
    steps.push(bracketed === undefined ? fieldStep(name ?? "") : itemOrField(bracketed));
    at += all.length;
  }
  return steps;
}

const part = /(\.)?([^.[\]]+)|\[([^[\]]+)\]/y;

function itemOrField(text: string): PathStep {
  return /^\d{1,10}$/.test(text) ? { item: Number(text) } : fieldStep(text);
}

function fieldStep(text: string): PathStep {
  const field = text.replace(/^['"]+|['"]+$/g, "");
  return field === "*" ? { item: "*" } : { field };
}

/** The inverse of {@link parseFieldPath}. */
export function formatFieldPath(steps: readonly PathStep[]): string {
  const text = steps
    .map((step) => {
      if ("item" in step) return `[${step.item}]`;
      return /[.[\]]/.test(step.field) ? `[${step.field}]` : `.${step.field}`;
    })
    .join("");
  return text.startsWith(".") ? text.slice(1) : text;
}
