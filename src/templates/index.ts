// Forms and templates out of what a platform team has: custom resources, compositions, Terraform modules, charts, schemas.
// It promises pure generators: source to definition, definition to form, form to the files of a target; same input, same bytes.
// It leaves to others where files are read and written, and the cluster that judges what a template makes.

export {
  type Definition,
  type ModuleOutput,
  type Note,
  type OutputFile,
  type SchemaDialect,
  SourceError,
  type SourceKind,
  type Subject,
} from "./definition.ts";
