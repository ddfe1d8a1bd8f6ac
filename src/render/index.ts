// Manifests out of a source: which tool a source needs, and what a directory of plain manifests says.
// It promises the same objects for the same files; no clock, network or randomness.
// It leaves to others where files come from, and what is done with the objects.
export {
  type DirectoryOptions,
  type Manifest,
  manifestBytesMax,
  RenderError,
  renderDirectory,
  type SourceFile,
  selectFiles,
} from "./directory.ts";
export { compileGlob } from "./glob.ts";
export { detectSourceType, type SourceTools, type SourceType } from "./source-type.ts";
