import type { HelmChartOptions } from "./helm-charts.ts";
import type { Loader } from "./loader.ts";
import type { OpenApi } from "./openapi.ts";
import type { Origin } from "./origin.ts";
import { readResources } from "./read-resources.ts";
import type { Place, Resource } from "./resource.ts";
import type { Resources } from "./resources.ts";

/** Changes resources. @property origin what the annotations of a build say about it */
export type Transformer = { transform(resources: Resources): void; readonly origin?: Origin | undefined };

/** Makes resources. */
export type Generator = { generate(): Promise<Resource[]>; readonly origin?: Origin | undefined };

/** What plugins are configured with besides their own configuration. */
export type PluginContext = {
  readonly loader: Loader;
  readonly openApi: OpenApi;
  readonly charts: HelmChartOptions;
  /** Where the plugin is configured: the place of what it makes. */
  readonly place: Place;
};

/** Reads the resources of a patch. */
export function readPatches(text: string, { openApi, place }: PluginContext): Resource[] {
  return readResources(text, { file: place.file, openApi });
}
