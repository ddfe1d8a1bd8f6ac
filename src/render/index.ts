// Manifests out of a source: which tool a source needs, and what a directory of plain manifests says.
// It promises the same objects for the same files; no clock, network or randomness.
// It leaves to others where files come from, and what is done with the objects.

export { readArchive, readTar, type TarEntry } from "./chart/archive.ts";
export type { Chart } from "./chart/chart.ts";
export { ChartError } from "./chart/chart-error.ts";
export type { HelmValues, ValuesFile } from "./chart/helm-values.ts";
export { compileIgnore } from "./chart/ignore.ts";
export { loadChart, loadChartArchive } from "./chart/load.ts";
export type { RenderedHook } from "./chart/manifests.ts";
export type { ChartDependency } from "./chart/metadata.ts";
export {
  type HelmOptions,
  type RenderedChart,
  type RenderedCrd,
  renderChart,
} from "./chart/render-chart.ts";
export { createSeededRandom } from "./chart/seeded-random.ts";
export { parseSetting, settingFiles } from "./chart/settings.ts";
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
export {
  type ChartContent,
  createRenderer,
  type IsolatedCharts,
  type IsolatedHelmOptions,
  type IsolatedKustomizeOptions,
  type KustomizeRequest,
  type Renderer,
  type RendererLimits,
} from "./isolated/renderer.ts";
export { type ArgoKustomizeOptions, substituteArgoOptions } from "./kustomize/argo-options.ts";
export {
  type BuiltKustomization,
  buildKustomization,
  type KustomizeBuildOptions,
  type KustomizeOptions,
  parseKustomizeBuildOptions,
  stringifyKustomization,
} from "./kustomize/build.ts";
export type { HelmTemplateRequest, KustomizeHelm } from "./kustomize/helm-charts.ts";
export { KustomizeError } from "./kustomize/kustomize-error.ts";
export type { KustomizeFiles, KustomizeRemote } from "./kustomize/loader.ts";
export { detectSourceType, type SourceTools, type SourceType } from "./source-type.ts";
export { TemplateError } from "./template/compile-templates.ts";
export { type Constraints, checkConstraints, parseConstraints } from "./template/functions/semver-constraint.ts";
export {
  compareVersions,
  formatVersion,
  parseVersion,
  type SemanticVersion,
} from "./template/functions/semver-version.ts";
