import { type FunctionTable, joinFunctions } from "./functions.ts";
import { authorizationFunctions } from "./library/authorization.ts";
import { formatFunctions } from "./library/formats.ts";
import { kubernetesLists, listFunctions, mapInsertion, setFunctions } from "./library/lists.ts";
import { cidrFunctions, cidrType, ipFunctions, ipType } from "./library/net.ts";
import { optionalFunctions } from "./library/optionals.ts";
import { quantityFunctions } from "./library/quantity.ts";
import { regexFunctions } from "./library/regex.ts";
import { semverFunctions } from "./library/semver.ts";
import { standardFunctions } from "./library/standard.ts";
import { stringFunctions } from "./library/strings.ts";
import { urlFunctions } from "./library/url.ts";
import { listMacros, type MacroTable, optionalMacros, standardMacros, twoVariableMacros } from "./macros.ts";
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  intType,
  listOf,
  mapOf,
  nullType,
  optionalOf,
  stringType,
  type Type,
  timestampType,
  typeParameter,
  typeType,
  uintType,
} from "./types.ts";

/** What an expression may use: variables, functions and macros, and the names of types. */
export type Environment = {
  readonly variables: ReadonlyMap<string, Type>;
  readonly functions: FunctionTable;
  readonly macros: MacroTable;
  readonly typeNames: ReadonlyMap<string, Type>;
};

const typeNames: ReadonlyMap<string, Type> = new Map(
  [
    ...[
      boolType,
      bytesType,
      doubleType,
      durationType,
      intType,
      nullType,
      stringType,
      timestampType,
      typeType,
      uintType,
    ],
    listOf(typeParameter("A")),
    mapOf(typeParameter("A"), typeParameter("B")),
    optionalOf(typeParameter("V")),
    ipType,
    cidrType,
  ].map((type) => [type.name, type]),
);

const newFunctions = joinFunctions(
  standardFunctions,
  urlFunctions,
  regexFunctions,
  kubernetesLists,
  authorizationFunctions,
  optionalFunctions,
  quantityFunctions,
  stringFunctions,
  setFunctions,
  ipFunctions,
  cidrFunctions,
  formatFunctions,
  mapInsertion,
  semverFunctions,
);
const newMacros: MacroTable = new Map([...standardMacros, ...optionalMacros, ...twoVariableMacros]);

const base = new Map<string, Environment>();

/**
 * The environment of Kubernetes 1.34 with variables of one's own.
 *
 * A `new` expression may use what the version before knew, so that a cluster can go back to it; a `stored` one, which was
 * accepted before, everything.
 */
export function kubernetesEnvironment(age: "new" | "stored", variables: ReadonlyMap<string, Type>): Environment {
  let known = base.get(age);
  if (known === undefined) {
    known = {
      variables: new Map(),
      functions: age === "new" ? newFunctions : joinFunctions(newFunctions, listFunctions),
      macros: age === "new" ? newMacros : new Map([...newMacros, ...listMacros]),
      typeNames,
    };
    base.set(age, known);
  }
  return { ...known, variables };
}
