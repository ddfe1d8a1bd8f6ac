import type { Application } from "../../apis/index.ts";
import { fetchUrl } from "./fetch-url.ts";
import { loadSources } from "./load-sources.ts";
import type { SourceRequest } from "./references.ts";
import { releaseSeed } from "./release-seed.ts";
import { createRenderCache } from "./render-cache.ts";
import type { RenderOverrides } from "./render-context.ts";
import type { SourceServices } from "./services.ts";
import type { LoadedSource } from "./source-loader.ts";
import { createSourceMemory } from "./source-memory.ts";

/** @property revisions of the sources, in their order; an empty or absent one means that of the source */
export type RenderOnceOptions = Omit<SourceServices, "renders" | "fetchUrl"> & {
  revisions?: readonly string[];
  overrides?: RenderOverrides;
  signal: AbortSignal;
};

/**
 * Renders the sources of an application as GitOps would, without a cluster and with nothing remembered.
 *
 * @throws {Error} saying what is wrong with the source, in the words of its tool
 */
export async function renderApplication(app: Application, options: RenderOnceOptions): Promise<LoadedSource[]> {
  const { revisions = [], signal, ...services } = options;
  const seed = releaseSeed(app, services.randomSecret);
  const overrides = { ...(seed !== undefined && { seed }), ...options.overrides };
  const { source, sources = [], destination, project } = app.spec;
  const isMultiSource = sources.length > 0;
  const all = isMultiSource ? sources : source === undefined ? [] : [source];
  const requests = all.map((one, index): SourceRequest => ({ source: one, revision: revisions[index] ?? "" }));
  const loaded = await loadSources(
    { ...services, fetchUrl, renders: createRenderCache({ now: services.now }) },
    {
      app: { name: app.metadata.name, namespace: destination.namespace ?? "", project: project || "default" },
      isMultiSource,
      requests,
      overrides,
    },
    createSourceMemory(),
    { resolve: true, refresh: false, rerender: false, signal },
  );
  if (!loaded.ok) throw new Error(loaded.why);
  return loaded.sources;
}
