import { dynType, listOf, mapOf, opaqueType, sameType, type Type, typeOf } from "./types.ts";

/** What type variables stand for, by name. */
export type Substitution = Pick<ReadonlyMap<string, Type>, "get">;

/**
 * What is known so far of type variables. Types are compared as cel-go's checker does, because what it accepts and how it words
 * what it refuses follows from the order of its steps.
 */
export class Bindings implements Substitution {
  readonly #types = new Map<string, Type>();
  /** What stood there before the attempt that is under way. */
  #replaced: (readonly [name: string, type: Type | undefined])[] = [];

  get(name: string): Type | undefined {
    return this.#types.get(name);
  }

  set(name: string, type: Type): void {
    this.#replaced.push([name, this.#types.get(name)]);
    this.#types.set(name, type);
  }

  /** Whether a value of `from` may stand where `to` is wanted; what follows from it is known from then on. */
  assign(to: Type, from: Type): boolean {
    return this.#attempt(() => isAssignable(this, to, from));
  }

  /** The same for arguments and parameters of a call; all must fit. */
  assignAll(to: readonly Type[], from: readonly Type[]): boolean {
    return this.#attempt(() => areAssignable(this, to, from));
  }

  #attempt(assigned: () => boolean): boolean {
    this.#replaced = [];
    if (assigned()) return true;
    for (const [name, type] of this.#replaced.toReversed()) {
      if (type === undefined) this.#types.delete(name);
      else this.#types.set(name, type);
    }
    return false;
  }
}

function areAssignable(bound: Bindings, to: readonly Type[], from: readonly Type[]): boolean {
  return to.length === from.length && to.every((type, index) => isAssignable(bound, type, from[index] ?? dynType));
}

function isAssignable(bound: Bindings, to: Type, from: Type): boolean {
  if (from.kind === "param") {
    const { valid, known } = bind(bound, to, from);
    if (valid) return true;
    if (known) return false;
  }
  if (to.kind === "param") return bind(bound, from, to).valid;
  if (isDynamic(to) || isDynamic(from)) return true;
  if (to.kind === "null") return isNullable(from);
  if (from.kind === "null") return isNullable(to);
  switch (to.kind) {
    case "type":
      return from.kind === "type";
    case "opaque":
    case "list":
    case "map":
      return to.kind === from.kind && to.name === from.name && areAssignable(bound, to.parameters, from.parameters);
    default:
      return to.kind === from.kind && to.name === from.name;
  }
}

/** Lets a type variable stand for a type, unless it does for another or would contain itself. */
function bind(bound: Bindings, type: Type, variable: Type): { valid: boolean; known: boolean } {
  if (sameType(type, variable)) return { valid: true, known: true };
  const before = bound.get(variable.name);
  if (before !== undefined) {
    if (sameType(type, before)) return { valid: true, known: true };
    if (!isAssignable(bound, type, before)) return { valid: false, known: true };
    const general = mostGeneral(type, before);
    if (!occursIn(bound, variable, general)) bound.set(variable.name, general);
    return { valid: true, known: true };
  }
  if (occursIn(bound, variable, type)) return { valid: false, known: false };
  bound.set(variable.name, type);
  return { valid: true, known: false };
}

function occursIn(bound: Substitution, variable: Type, type: Type): boolean {
  if (sameType(variable, type)) return true;
  if (type.kind === "param") {
    const standsFor = bound.get(type.name);
    return standsFor !== undefined && occursIn(bound, variable, standsFor);
  }
  return type.parameters.some((parameter) => occursIn(bound, variable, parameter));
}

export function isDynamic({ kind }: Type): boolean {
  return kind === "dyn" || kind === "any" || kind === "error";
}

function isNullable({ kind }: Type): boolean {
  return (
    kind === "null" ||
    kind === "opaque" ||
    kind === "object" ||
    kind === "any" ||
    kind === "duration" ||
    kind === "timestamp"
  );
}

/** Of two types that agree, the one that says less. */
export function mostGeneral(a: Type, b: Type): Type {
  return saysNoMore(a, b) ? a : b;
}

function saysNoMore(a: Type, b: Type): boolean {
  if (a.kind === "dyn" || a.kind === "any" || a.kind === "param") return true;
  if (b.kind === "dyn" || b.kind === "any" || b.kind === "param") return false;
  if (a.kind !== b.kind) return false;
  if (a.kind === "type") return true;
  if (a.kind !== "opaque" && a.kind !== "list" && a.kind !== "map") return sameType(a, b);
  return (
    a.name === b.name &&
    a.parameters.length === b.parameters.length &&
    a.parameters.every((parameter, index) => saysNoMore(parameter, b.parameters[index] ?? dynType))
  );
}

/** A type with what its variables stand for. Those that stand for nothing stay, or become `dyn` when `closed`. */
export function substitute(bound: Substitution, type: Type, closed = false): Type {
  if (type.kind === "param") {
    const standsFor = bound.get(type.name);
    if (standsFor !== undefined) return substitute(bound, standsFor, closed);
    return closed ? dynType : type;
  }
  if (type.parameters.length === 0) return type;
  const parameters = type.parameters.map((parameter) => substitute(bound, parameter, closed));
  if (parameters.every((parameter, index) => parameter === type.parameters[index])) return type;
  const [first = dynType, second = dynType] = parameters;
  switch (type.kind) {
    case "list":
      return listOf(first);
    case "map":
      return mapOf(first, second);
    case "type":
      return typeOf(first);
    default:
      return opaqueType(type.name, ...parameters);
  }
}
