import type { Call, Expression, Fold, ListLiteral, MapLiteral, Select, StructLiteral } from "./ast.ts";
import type { Environment } from "./environment.ts";
import type { Overload } from "./functions.ts";
import type { Issue } from "./source.ts";
import {
  boolType,
  dynType,
  errorType,
  formatSignature,
  formatType,
  intType,
  listOf,
  mapOf,
  optionalOf,
  sameType,
  type Type,
  typeOf,
  typeParameter,
  unwrapOptional,
} from "./types.ts";
import { Bindings, isDynamic, mostGeneral, type Substitution, substitute } from "./unify.ts";

/** What a name or call in an expression turned out to be. */
export type Reference =
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "type"; readonly type: Type }
  /** `name` with its namespace; `overloads` that fit by the types, more than one only where types are not known. */
  | {
      readonly kind: "function";
      readonly name: string;
      readonly overloads: readonly Overload[];
      readonly isMethod: boolean;
    };

/** An expression whose types fit. */
export type Checked = {
  readonly expression: Expression;
  readonly types: ReadonlyMap<Expression, Type>;
  readonly references: ReadonlyMap<Expression, Reference>;
};

/** Checks the types of an expression as cel-go does, and says in its words what does not fit. */
export function check(expression: Expression, environment: Environment): Checked | { issues: Issue[] } {
  const checker = new Checker(environment);
  checker.check(expression);
  if (checker.issues.length > 0) return { issues: checker.issues };
  return { expression, types: checker.closedTypes(), references: checker.references };
}

type Scope = ReadonlyMap<string, Type>;

class Checker {
  readonly issues: Issue[] = [];
  readonly references = new Map<Expression, Reference>();
  readonly #types = new Map<Expression, Type>();
  readonly #environment: Environment;
  readonly #bound = new Bindings();
  #variableCount = 0;
  #scopes: Scope[] = [];

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Types with all that is known at the end; what stayed open is `dyn`. */
  closedTypes(): Map<Expression, Type> {
    return new Map([...this.#types].map(([part, type]) => [part, substitute(this.#bound, type, true)]));
  }

  check(expression: Expression): Type {
    const type = this.#typeOf(expression);
    this.#types.set(expression, type);
    return type;
  }

  #typeOf(expression: Expression): Type {
    switch (expression.kind) {
      case "literal":
        return expression.type;
      case "name":
        return this.#lookUp(expression, expression.name) ?? this.#undeclared(expression.at, expression.name);
      case "select":
        return this.#select(expression);
      case "call":
        return this.#call(expression);
      case "list":
        return this.#list(expression);
      case "map":
        return this.#map(expression);
      case "struct":
        return this.#struct(expression);
      case "fold":
        return this.#fold(expression);
    }
  }

  #report(at: number, message: string): Type {
    this.issues.push({ at, message });
    return errorType;
  }

  #undeclared(at: number, name: string): Type {
    return this.#report(at, `undeclared reference to '${name}' (in container '')`);
  }

  #mismatch(at: number, expected: Type, found: Type): Type {
    return this.#report(at, `expected type '${formatType(expected)}' but found '${formatType(found)}'`);
  }

  /** The type of a variable or of a type's name, dotted names included; notes what it is. */
  #lookUp(expression: Expression, name: string): Type | undefined {
    const plain = name.startsWith(".") ? name.slice(1) : name;
    const scope = name === plain ? this.#scopes.findLast((candidate) => candidate.has(plain)) : undefined;
    const variable = scope?.get(plain) ?? this.#environment.variables.get(plain);
    if (variable !== undefined) {
      this.references.set(expression, { kind: "variable", name: plain });
      return variable;
    }
    const type = this.#environment.typeNames.get(plain);
    if (type === undefined) return undefined;
    this.references.set(expression, { kind: "type", type });
    return typeOf(type);
  }

  #newVariable(): Type {
    return typeParameter(`_var${this.#variableCount++}`);
  }

  #select(expression: Select): Type {
    const name = qualifiedName(expression);
    const type = name === undefined ? undefined : this.#lookUp(expression, name);
    if (type !== undefined) return type;
    const field = this.#field(expression.at, expression.operand, expression.field, false);
    return expression.test ? boolType : substitute(this.#bound, field);
  }

  #field(at: number, operand: Expression, field: string, isOptional: boolean): Type {
    const { type, optional } = unwrapOptional(substitute(this.#bound, this.check(operand)));
    const result = this.#fieldOf(at, type, field);
    return optional || isOptional ? optionalOf(result) : result;
  }

  #fieldOf(at: number, type: Type, field: string): Type {
    switch (type.kind) {
      case "map":
        return type.parameters[1] ?? dynType;
      case "object":
        if (type.fields === undefined) return this.#report(at, `unexpected failed resolution of '${type.name}'`);
        return type.fields.get(field) ?? this.#report(at, `undefined field '${field}'`);
      case "param":
        this.#bound.assign(dynType, type);
        return dynType;
    }
    if (!isDynamic(type)) this.#report(at, `type '${formatType(type)}' does not support field selection`);
    return dynType;
  }

  #call(call: Call): Type {
    const { name, target, args, at } = call;
    if (name === "_?._" && target === undefined) return this.#optionalField(call);
    const argumentTypes = args.map((argument) => this.check(argument));
    const { functions } = this.#environment;
    if (target === undefined) {
      const plain = name.startsWith(".") ? name.slice(1) : name;
      const overloads = functions.get(plain);
      return overloads === undefined
        ? this.#undeclared(at, name)
        : this.#resolve(call, plain, overloads, argumentTypes, false);
    }
    const prefix = qualifiedName(target);
    if (prefix !== undefined) {
      const whole = `${prefix.startsWith(".") ? prefix.slice(1) : prefix}.${name}`;
      const overloads = functions.get(whole);
      if (overloads !== undefined) return this.#resolve(call, whole, overloads, argumentTypes, false);
    }
    const targetType = this.check(target);
    const overloads = functions.get(name);
    if (overloads === undefined) return this.#undeclared(at, name);
    return this.#resolve(call, name, overloads, [targetType, ...argumentTypes], true);
  }

  #optionalField(call: Call): Type {
    const [operand, field] = call.args;
    if (operand === undefined || field?.kind !== "literal" || typeof field.value !== "string") return errorType;
    const overloads = this.#environment.functions.get("_?._") ?? [];
    this.references.set(call, { kind: "function", name: "_?._", overloads, isMethod: false });
    this.#types.set(field, field.type);
    return substitute(this.#bound, this.#field(call.at, operand, field.value, true));
  }

  #resolve(
    call: Call,
    name: string,
    overloads: readonly Overload[],
    argumentTypes: readonly Type[],
    isMethod: boolean,
  ): Type {
    if (name === "_&&_" || name === "_||_") return this.#logical(call, name, overloads, argumentTypes);
    const fitting: Overload[] = [];
    let result: Type | undefined;
    for (const overload of overloads) {
      if (overload.isMember !== isMethod) continue;
      const fresh: Substitution = new Map(overload.variables.map((variable) => [variable, this.#newVariable()]));
      const parameters = overload.parameters.map((parameter) => substitute(fresh, parameter));
      // Arguments come first here, as in cel-go: what stands for what depends on the direction.
      if (!this.#bound.assignAll(argumentTypes, parameters)) continue;
      fitting.push(overload);
      const type = substitute(this.#bound, substitute(fresh, overload.result));
      if (result === undefined) result = type;
      else if (result.kind !== "dyn" && result.kind !== "any" && !sameType(type, result)) result = dynType;
    }
    if (result === undefined) {
      const closed = argumentTypes.map((type) => substitute(this.#bound, type, true));
      const signature = formatSignature(closed, isMethod);
      return this.#report(call.at, `found no matching overload for '${name}' applied to '${signature}'`);
    }
    this.references.set(call, { kind: "function", name, overloads: fitting, isMethod });
    return result;
  }

  #logical(call: Call, name: string, overloads: readonly Overload[], argumentTypes: readonly Type[]): Type {
    let fits = true;
    for (const [index, type] of argumentTypes.entries()) {
      if (this.#bound.assign(type, boolType)) continue;
      this.#mismatch(call.args[index]?.at ?? call.at, boolType, type);
      fits = false;
    }
    if (!fits) return errorType;
    this.references.set(call, { kind: "function", name, overloads, isMethod: false });
    return boolType;
  }

  /** The type of both values; `dyn` when there is no other, which is refused later where it is not wanted. */
  #join(before: Type | undefined, type: Type): Type {
    if (before === undefined) return type;
    return this.#bound.assign(before, type) ? mostGeneral(before, type) : dynType;
  }

  #valueOf(value: Expression, isOptional: boolean): Type {
    const found = this.check(value);
    if (!isOptional) return found;
    const { type, optional } = unwrapOptional(found);
    if (!optional && type.kind !== "dyn") this.#mismatch(value.at, optionalOf(type), type);
    return type;
  }

  #list({ items, optional }: ListLiteral): Type {
    let type: Type | undefined;
    for (const [index, item] of items.entries()) {
      type = this.#join(type, this.#valueOf(item, optional.has(index)));
    }
    return listOf(type ?? this.#newVariable());
  }

  #map({ entries }: MapLiteral): Type {
    let keys: Type | undefined;
    let values: Type | undefined;
    for (const { key, value, optional } of entries) {
      keys = this.#join(keys, this.check(key));
      values = this.#join(values, this.#valueOf(value, optional));
    }
    return mapOf(keys ?? this.#newVariable(), values ?? this.#newVariable());
  }

  /** Objects cannot be made by expressions here: no type that has a name has fields. */
  #struct({ at, name, fields }: StructLiteral): Type {
    const plain = name.startsWith(".") ? name.slice(1) : name;
    const type = this.#environment.typeNames.get(plain);
    const isVariable = this.#environment.variables.has(plain) || this.#scopes.some((scope) => scope.has(plain));
    if (isVariable) this.#report(at, `'${this.#environment.variables.get(plain)?.name ?? "dyn"}' is not a type`);
    else if (type === undefined) this.#undeclared(at, name);
    else this.#report(at, `'${formatType(type)}' is not a message type`);
    for (const { value } of fields) this.check(value);
    return errorType;
  }

  #fold(fold: Fold): Type {
    this.check(fold.range);
    const accumulatorType = this.check(fold.init);
    const range = substitute(this.#bound, this.#types.get(fold.range) ?? errorType);
    this.#scopes.push(new Map([[fold.accumulator, accumulatorType]]));
    const [first, second] = this.#elementTypes(fold, range);
    const elements = new Map([[fold.first, first]]);
    if (fold.second !== undefined) elements.set(fold.second, second);
    this.#scopes.push(elements);
    this.#expect(fold.condition, boolType);
    this.#expect(fold.step, accumulatorType);
    this.#scopes.pop();
    const result = this.check(fold.result);
    this.#scopes.pop();
    return substitute(this.#bound, result);
  }

  #expect(expression: Expression, type: Type): void {
    const found = this.check(expression);
    if (!this.#bound.assign(type, found)) this.#mismatch(expression.at, type, found);
  }

  #elementTypes({ range, second }: Fold, type: Type): [first: Type, second: Type] {
    const [first = dynType, values = dynType] = type.parameters;
    switch (type.kind) {
      case "list":
        return second === undefined ? [first, dynType] : [intType, first];
      case "map":
        return [first, values];
      case "dyn":
      case "any":
      case "error":
      case "param":
        this.#bound.assign(dynType, type);
        return [dynType, dynType];
    }
    const shown = formatType(type);
    const why = `expression of type '${shown}' cannot be range of a comprehension (must be list, map, or dynamic)`;
    this.#report(range.at, why);
    return [errorType, errorType];
  }
}

/** `a.b.c` if an expression is nothing but names and selections. */
function qualifiedName(expression: Expression): string | undefined {
  if (expression.kind === "name") return expression.name;
  if (expression.kind !== "select" || expression.test) return undefined;
  const prefix = qualifiedName(expression.operand);
  return prefix === undefined ? undefined : `${prefix}.${expression.field}`;
}
