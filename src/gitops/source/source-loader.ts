import { errorText } from "../../lib/index.ts";
import type { Manifest, SourceType } from "../../render/index.ts";
import { createBuildEnvironment } from "./build-environment.ts";
import { type FileTree, gitTree } from "./file-tree.ts";
import { findOrigin, type Origin, type OriginContext, type ResolveOptions, resolveCommit } from "./origin.ts";
import {
  clusterRead,
  isAboutCluster,
  isOutside,
  outsideRead,
  placeOfRead,
  type Reads,
  repositoryOfRead,
  repositoryRead,
  settingsRead,
  variableOfRead,
  variableRead,
} from "./reads.ts";
import { isOnlyReference, mentionedIn, type Reference, type SourceRequest } from "./references.ts";
import type { Inputs, Render } from "./render-cache.ts";
import type { RenderContext, RenderOverrides, SourceApplication } from "./render-context.ts";
import { renderSource } from "./render-source.ts";
import type { SourceServices } from "./services.ts";
import { recordedFiles } from "./source-files.ts";
import { rememberRender, type SourceMemory } from "./source-memory.ts";

/** @property rerender forgets what was rendered before */
export type LoadOptions = ResolveOptions & { rerender: boolean };

/** What one source gives. The type is empty for a source that others only take files from, as in Argo CD. */
export type LoadedSource = { revision: string; sourceType: SourceType | ""; manifests: readonly Manifest[] };

export type LoaderContext = {
  services: SourceServices;
  app: SourceApplication;
  /** Sources that others may take files from, by `$name`. */
  references: ReadonlyMap<string, Reference>;
  isMultiSource: boolean;
  overrides: RenderOverrides;
  memory: SourceMemory;
  options: LoadOptions;
};

/** What was fetched from outside of the source is fetched again after this time: Argo CD's `reposerver.repo.cache.expiration`. */
const outsideMs = 24 * 3_600_000;
/** A failure is tried again after this time: Argo CD's default for how long a failed generation is paused. */
const failureMs = 60 * 60_000;
/** About what a failure takes. */
const failureBytes = 1_000;

/** Loads one source once. */
export class SourceLoader {
  readonly #context: LoaderContext;
  readonly #request: SourceRequest;
  readonly #origins: OriginContext;
  /** Known as soon as it has been found out, also when what follows fails. */
  sourceType: SourceType | undefined;

  constructor(context: LoaderContext, request: SourceRequest) {
    const { services, memory, app, options } = context;
    this.#context = context;
    this.#request = request;
    this.#origins = {
      services,
      revisions: memory.revisions,
      project: app.project,
      options,
      refetch: options.rerender,
    };
  }

  /** @throws {Error} saying what is wrong with the source, in the words of Argo CD and the source's tool */
  async load(): Promise<LoadedSource> {
    const { services, isMultiSource, memory, options } = this.#context;
    const { source, revision } = this.#request;
    if (isMultiSource && isOnlyReference(source)) {
      const commit = await resolveCommit(source.repoURL, revision || (source.targetRevision ?? ""), this.#origins);
      return { revision: commit, sourceType: "", manifests: [] };
    }
    const origin = await findOrigin(source, revision, this.#origins);
    const { trees, commits } = await this.#referenced();
    trees.set("", origin.tree);
    const key = this.#key(origin);
    const inputs = this.#inputs(origin, trees, commits);
    const own = memory.renders.get(key);
    const known = options.rerender
      ? undefined
      : await services.renders.find(key, inputs, own === undefined ? [] : [own]);
    const render = known ?? (await this.#render(origin, trees, inputs));
    if (known === undefined) services.renders.put(key, render);
    rememberRender(memory, key, render);
    const { outcome } = render;
    this.sourceType = outcome.sourceType;
    if (!outcome.ok) throw outcome.error;
    return { revision: origin.revision, sourceType: outcome.sourceType, manifests: outcome.manifests };
  }

  /** The trees of other sources that this one mentions, by `$name`. */
  async #referenced(): Promise<{ trees: Map<string, FileTree>; commits: string[] }> {
    const { services, references, isMultiSource } = this.#context;
    const trees = new Map<string, FileTree>();
    const commits: string[] = [];
    for (const name of isMultiSource ? mentionedIn(this.#request.source, references) : []) {
      const { repoURL = "", revision = "" } = references.get(name) ?? {};
      const commit = await resolveCommit(repoURL, revision, this.#origins).catch((error: unknown) => {
        throw new Error(`failed to get git client for repo ${repoURL}: ${errorText(error)}`);
      });
      trees.set(name, gitTree(services.git, repoURL, commit));
      commits.push(commit);
    }
    return { trees, commits };
  }

  /** Everything that a render depends on and that is not written down while it runs. */
  #key({ revision, isFixed }: Origin): string {
    const { app, overrides } = this.#context;
    const { name, namespace, project } = app;
    const { targetRevision: _1, ref: _2, name: _3, ...source } = this.#request.source;
    return JSON.stringify([name, namespace, project, source, isFixed ? revision : "", overrides.seed ?? ""]);
  }

  #environment(origin: Origin, cluster: { kubeVersion: string; apiVersions: readonly string[] }, reads: Reads) {
    const { app } = this.#context;
    const { repoURL, path = "", targetRevision = "" } = this.#request.source;
    const input = {
      app: app.name,
      namespace: app.namespace,
      project: app.project,
      revision: origin.revision,
      repoURL,
      path,
      targetRevision,
      ...cluster,
    };
    return createBuildEnvironment(input, (name, value) => reads.set(variableRead(name), value));
  }

  #inputs(origin: Origin, trees: ReadonlyMap<string, FileTree>, commits: readonly string[]): Inputs {
    const { services, options } = this.#context;
    const { targetRevision } = this.#request.source;
    return {
      state: JSON.stringify([origin.revision, targetRevision, commits]),
      // Others' repositories and settings are looked at again when ours are.
      isVolatile: (read) =>
        isAboutCluster(read) || (options.resolve && (read === settingsRead || repositoryOfRead(read) !== undefined)),
      valueOf: async (read) => {
        const place = placeOfRead(read);
        if (place?.tree === "" && origin.isFixed) return undefined;
        if (place !== undefined) return (await trees.get(place.tree)?.find(place.path))?.id ?? "";
        if (read === settingsRead) return await services.kustomizeBuildOptions();
        if (read === clusterRead) return (await services.cluster()).id;
        const variable = variableOfRead(read);
        if (variable !== undefined) {
          const environment = this.#environment(origin, await services.cluster(), new Map());
          return environment.substitute(`\${${variable}}`);
        }
        const followed = repositoryOfRead(read);
        return followed && (await resolveCommit(followed.repoURL, followed.revision, this.#origins));
      },
    };
  }

  async #render(origin: Origin, trees: ReadonlyMap<string, FileTree>, inputs: Inputs): Promise<Render> {
    const { services, app, overrides, options } = this.#context;
    const reads: Reads = new Map();
    const context: RenderContext = {
      app,
      place: { tree: "", path: origin.path },
      files: recordedFiles(trees, reads),
      environment: this.#environment(origin, await services.cluster(), reads),
      services,
      overrides,
      cluster: async () => {
        const versions = await services.cluster();
        reads.set(clusterRead, versions.id);
        return versions;
      },
      kustomizeBuildOptions: async () => {
        const flags = await services.kustomizeBuildOptions();
        reads.set(settingsRead, flags);
        return flags;
      },
      onOutside: (what) => reads.set(outsideRead(what), ""),
      repository: async (repoURL, revision) => {
        const commit = await resolveCommit(repoURL, revision, this.#origins);
        reads.set(repositoryRead(repoURL, revision), commit);
        return gitTree(services.git, repoURL, commit);
      },
      refresh: options.refresh,
      signal: options.signal,
    };
    const startedMs = services.now().getTime();
    const outcome = await renderSource(this.#request.source, context, (sourceType) => {
      this.sourceType = sourceType;
    });
    const lastsMs = Math.min(
      outcome.ok ? Number.POSITIVE_INFINITY : failureMs,
      [...reads.keys()].some(isOutside) ? outsideMs : Number.POSITIVE_INFINITY,
    );
    const sizeBytes = outcome.ok ? bytesOf(outcome.manifests) : failureBytes;
    return { outcome, reads, sizeBytes, untilMs: startedMs + lastsMs, heldAt: inputs.state };
  }
}

/** About as many bytes as manifests take; they are kept as objects. */
function bytesOf(manifests: readonly Manifest[]): number {
  return manifests.reduce((sum, { object, file }) => sum + JSON.stringify(object).length + file.length, 0);
}
