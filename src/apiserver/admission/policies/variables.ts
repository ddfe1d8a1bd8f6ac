import { Dict, fail, type Value, type Variables } from "../../../cel/index.ts";
import { type Compiled, evaluateOnce } from "../compiled.ts";

/** Values with `variables` in them, which are computed when they are first looked at. */
export type ComposedValues = {
  readonly values: Variables;
  /** What computing has cost since this was last asked. */
  readonly takeCost: () => number;
};

export function withVariables(values: Variables, compiled: ReadonlyMap<string, Compiled>): ComposedValues {
  const variables = new ComposedVariables(compiled);
  variables.values = { ...values, variables };
  return { values: variables.values, takeCost: () => variables.takeCost() };
}

class ComposedVariables extends Dict {
  values: Variables = {};
  #cost = 0;
  readonly #compiled: ReadonlyMap<string, Compiled>;
  readonly #known = new Map<string, { readonly value: Value } | { readonly error: string }>();

  constructor(compiled: ReadonlyMap<string, Compiled>) {
    super();
    this.#compiled = compiled;
  }

  takeCost(): number {
    const cost = this.#cost;
    this.#cost = 0;
    return cost;
  }

  override get size(): number {
    return this.#compiled.size;
  }

  override get(key: Value): Value | undefined {
    const compiled = typeof key === "string" ? this.#compiled.get(key) : undefined;
    if (typeof key !== "string" || compiled === undefined) return undefined;
    let known = this.#known.get(key);
    if (known === undefined) {
      known = this.#compute(key, compiled);
      this.#known.set(key, known);
    }
    return "error" in known ? fail(known.error) : known.value;
  }

  override keys(): Iterable<Value> {
    return this.#compiled.keys();
  }

  #compute(name: string, compiled: Compiled): { readonly value: Value } | { readonly error: string } {
    const broken = (what: string, why: string) => ({ error: `composited variable "${name}" fails to ${what}: ${why}` });
    if (!("program" in compiled)) return broken("compile", compiled.problem);
    const { value, error, cost } = evaluateOnce(compiled.program, this.values);
    this.#cost += cost;
    return error === undefined ? { value } : broken("evaluate", error);
  }
}
