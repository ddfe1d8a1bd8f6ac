import type { State } from "./run.ts";
import type { Value } from "./values.ts";

/** Sets a variable; `isBoxed` when the value is an element of a `[]interface {}` or `map[string]interface {}`. */
export type Assign = (state: State, value: Value, isBoxed: boolean) => void;

/** @property boxSlot the slot that keeps whether the value is boxed, for variables that can be */
export type Variable = {
  readonly name: string;
  readonly slot: number;
  readonly boxSlot: number | undefined;
  readonly assign: Assign;
};

/** The variables of a template while it is compiled: each has its own slot, the last one of a name hides the others. */
export class Variables {
  /** As {@link Variable.boxSlot}, of dot. */
  dotBox: number | undefined;
  #slots = 0;
  readonly #known: Variable[] = [];

  constructor() {
    this.declare("$");
  }

  /** How many slots the template needs. */
  get slots(): number {
    return this.#slots;
  }

  find(name: string): Variable | undefined {
    return this.#known.findLast((variable) => variable.name === name);
  }

  declare(name: string): Assign {
    const slot = this.newSlot();
    const assign: Assign = (state, value) => {
      state.vars[slot] = value;
    };
    this.#known.push({ name, slot, boxSlot: undefined, assign });
    return assign;
  }

  /** Declares a variable whose values are elements. */
  declareElement(name: string): Assign {
    const slot = this.newSlot();
    const boxSlot = this.newSlot();
    const assign: Assign = (state, value, isBoxed) => {
      state.vars[slot] = value;
      state.vars[boxSlot] = isBoxed;
    };
    this.#known.push({ name, slot, boxSlot, assign });
    return assign;
  }

  newSlot(): number {
    return this.#slots++;
  }

  /** Remembers which variables there are here. @returns runs what is compiled later as if it stood here */
  capture(): <T>(compile: () => T) => T {
    const here = [...this.#known];
    const box = this.dotBox;
    return (compile) => {
      const known = this.#known.splice(0, this.#known.length, ...here);
      const outerBox = this.dotBox;
      this.dotBox = box;
      try {
        return compile();
      } finally {
        this.#known.splice(0, this.#known.length, ...known);
        this.dotBox = outerBox;
      }
    };
  }

  /** Runs what declares variables that end with it. */
  scoped<T>(compile: () => T): T {
    const { length } = this.#known;
    const box = this.dotBox;
    const result = compile();
    this.#known.length = length;
    this.dotBox = box;
    return result;
  }
}
