// Forms and templates out of what a platform team has: custom resources, compositions, Terraform modules, charts, schemas.
// It promises pure generators: source to definition, definition to form, form to the files of a target; same input, same bytes.
// It leaves to others where files are read and written, and the cluster that judges what a template makes.

export {
  type Definition,
  type FieldUse,
  type ModuleOutput,
  type Note,
  type OutputFile,
  type SchemaDialect,
  SourceError,
  type SourceKind,
  type Subject,
  type WrittenDefinition,
} from "./definition.ts";
export { checkForm, validateAnswers } from "./form/check.ts";
export { type ConvertOptions, convertSchema } from "./form/convert.ts";
export { type Form, type FormOptions, type FormPage, formOf } from "./form/form.ts";
export { SampleError, type SampleOptions, sampleOf } from "./form/sample.ts";
export { extractUiSchema } from "./form/ui-schema.ts";
export { type ScaffoldRequest, type ScaffoldResult, type StepReport, scaffold } from "./scaffold/scaffold.ts";
export type { ScaffoldFile } from "./scaffold/workspace.ts";
export { loadChartSource, readChartDefinition } from "./sources/chart.ts";
export type { Composition, CompositionRead } from "./sources/composition.ts";
export { customResourceDefinitions } from "./sources/custom-resource-definitions.ts";
export { type DetectedSource, detectSource } from "./sources/detect.ts";
export { readJsonSchemaDefinition } from "./sources/json-schema.ts";
export { type KubernetesDefinitions, readKubernetesDefinitions } from "./sources/kubernetes.ts";
export { readOpenApiDefinitions } from "./sources/openapi.ts";
export { isRegistryAddress, localAddress, submoduleAddress } from "./sources/terraform/address.ts";
export { isTerraformModule } from "./sources/terraform/files.ts";
export { type InstalledModule, readInstalledModules } from "./sources/terraform/installed.ts";
export { type ModuleSource, readTerraformModule } from "./sources/terraform/module.ts";
export { withCompositions } from "./sources/with-compositions.ts";
export { templatesLocation } from "./targets/catalog-files.ts";
export { type CnoeFields, cnoeFields } from "./targets/cnoe-fields.ts";
export {
  type CnoeOptions,
  collapseIntoTemplate,
  type GivenTemplate,
  insertIntoTemplate,
  rawProperties,
  type TemplateMetadata,
} from "./targets/cnoe-template.ts";
export type { CompleteOptions, Publish, TemplateForm } from "./targets/complete-options.ts";
export { completeTemplate } from "./targets/complete-template.ts";
export { distinctDefinitions } from "./targets/distinct-definitions.ts";
export { formFields } from "./targets/form-fields.ts";
export { type ClusterFacts, judgePrerequisites, type Verdict, type VerifyLine } from "./verify/judge.ts";
export { builtinPrerequisite, type Prerequisite, readPrerequisite } from "./verify/prerequisite.ts";
