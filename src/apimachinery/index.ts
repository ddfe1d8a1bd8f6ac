// The words every room shares: objects, selectors, names, quantities, Status errors, patches, schemas, YAML the way Go reads it.
// It promises pure functions over plain data that behave and speak as Kubernetes' own libraries do.
// It leaves to others every kind in particular, and everything that stores, sends or waits.

export { trackUpdate } from "./apply/managed-fields.ts";
export { applyServerSide } from "./apply/server-side-apply.ts";
export {
  type FieldRequirement,
  type FieldSelector,
  formatFieldSelector,
  matchesFields,
  parseFieldSelector,
} from "./field-selectors.ts";
export {
  type Fields,
  fieldsAt,
  isFields,
  isJsonObject,
  itemsAt,
  listAt,
  numberAt,
  textAt,
  textsAt,
  valueAt,
} from "./fields.ts";
export { compareUtf8, formatGoExponent, formatGoFloat, formatGoJson, formatGoValue, quoteGo } from "./go-format.ts";
export { parseExactJson, toInteger } from "./integers.ts";
export {
  canonicalJson,
  cloneJson,
  deepEqual,
  duplicateJsonKeys,
  jsonDepthMax,
  parseJson,
  setField,
  strictJsonProblems,
} from "./json.ts";
export { applyJsonPatch, jsonPatchOperationsMax } from "./json-patch.ts";
export { applyMergePatch, createMergePatch } from "./merge-patch.ts";
export {
  generateName,
  type NameProblems,
  validateConfigKey,
  validateDns1035Label,
  validateEnvironmentName,
  validateLabel,
  validateLabelValue,
  validatePathSegment,
  validatePortName,
  validateQualifiedName,
  validateSubdomain,
} from "./names.ts";
export { compareNatural } from "./natural-order.ts";
export {
  type ExactObject,
  type ExactValue,
  formatApiVersion,
  type GroupVersion,
  type GroupVersionKind,
  type JsonObject,
  type JsonValue,
  type KubeObject,
  type ManagedFieldsEntry,
  type ObjectMeta,
  type OwnerReference,
  parseApiVersion,
} from "./object.ts";
export {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  type Quantity,
  type QuantityFormat,
  quantityUnits,
  subtractQuantities,
} from "./quantity.ts";
export { applyDefaults, dropNulls, nullsToDefaults } from "./schema/defaults.ts";
export {
  duplicateValue,
  faultText,
  forbiddenValue,
  invalidType,
  invalidValue,
  requiredValue,
  tooLong,
  tooMany,
  unsupportedValue,
} from "./schema/field-error.ts";
export { stringFormats } from "./schema/formats.ts";
export { compilePattern } from "./schema/pattern.ts";
export { compileFinder, type Match } from "./schema/pattern-find.ts";
export { compileGroupFinder, type GroupMatch } from "./schema/pattern-groups.ts";
export { findUnknownFields, pruneUnknown } from "./schema/prune.ts";
export { type ListType, type MapType, type Schema, type ValidationRule, valueSchema } from "./schema/schema.ts";
export { structuralErrors } from "./schema/structural.ts";
export { validateSchema } from "./schema/validate.ts";
export {
  formatLabelSelector,
  type LabelOperator,
  type LabelRequirement,
  type LabelSelector,
  type LabelSelectorObject,
  matchesLabels,
  parseLabelSelector,
  selectorFromObject,
} from "./selectors.ts";
export {
  type Attempt,
  alreadyExists,
  applyConflict,
  badRequest,
  conflict,
  errorFromStatus,
  expired,
  forbidden,
  forbiddenAttempt,
  formatGroupResource,
  type GroupKind,
  type GroupResource,
  generateNameConflict,
  internalError,
  invalid,
  isStatusError,
  methodNotAllowed,
  methodUnknown,
  notAcceptable,
  notFound,
  objectModified,
  parseStatus,
  reasonOfCode,
  requestTooLarge,
  resourceVersionTooLarge,
  type Status,
  type StatusCause,
  type StatusDetails,
  StatusError,
  type StatusMetadata,
  type StatusReason,
  serviceUnavailable,
  successStatus,
  timedOut,
  tooManyRequests,
  unauthorized,
  unknownError,
  unknownResource,
  unsupportedMediaType,
} from "./status-error.ts";
export { applyStrategicMergePatch } from "./strategic-merge-patch.ts";
export {
  parseYaml,
  parseYamlDocuments,
  type ScalarReader,
  type YamlDocument,
  YamlError,
  type YamlOptions,
  yamlSizeMax,
} from "./yaml.ts";
export { type StringifyYamlOptions, stringifyYaml, type V3Options } from "./yaml-emit.ts";
