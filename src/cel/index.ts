// Kubernetes' expression language (CEL): it promises to check, estimate and evaluate expressions as Kubernetes 1.34 does, with its
// words for what is wrong, its costs, and an end to every evaluation.
// It leaves to others where expressions stand, and what becomes of what they say.

export type { Expression } from "./ast.ts";
export { estimateCost } from "./cost-estimate.ts";
export { type Range, type SizeOf, unsignedMax } from "./cost-range.ts";
export { type Declaration, declarationOf, requestSizeMax, sizesOf } from "./declaration.ts";
export { type Environment, kubernetesEnvironment } from "./environment.ts";
export { escapeName, unescapeName } from "./escape.ts";
export type { Variables } from "./frame.ts";
export { jsonValue } from "./json-values.ts";
export {
  type AccessDecision,
  type AccessQuestion,
  type Asker,
  authorizerType,
  authorizerValue,
  type DecideAccess,
  resourceCheckType,
  resourceCheckValue,
} from "./library/authorization.ts";
export { fail } from "./meter.ts";
export { parse } from "./parse.ts";
export { compile, type Evaluation, evaluate, type Faults, type Program, usesVariable } from "./program.ts";
export { type ReadValue, resourceReader, valueReader } from "./schema-values.ts";
export {
  boolType,
  dynType,
  intType,
  listOf,
  mapOf,
  nameOfType,
  nullType,
  objectType,
  optionalOf,
  stringType,
  type Type,
  timestampType,
} from "./types.ts";
export { Dict, List, none, Optional, Uint, type Value } from "./values.ts";
