import { posix } from "node:path";
import type { ApplicationSource } from "../../apis/index.ts";
import { findRepository } from "../../charts/index.ts";
import { errorText } from "../../lib/index.ts";
import {
  type HelmTemplateRequest,
  type IsolatedCharts,
  type KustomizeFiles,
  type KustomizeRemote,
  type Manifest,
  parseKustomizeBuildOptions,
  readArchive,
  substituteArgoOptions,
} from "../../render/index.ts";
import { type FileTree, memoryTree, type TreeItem } from "./file-tree.ts";
import { digestOf, parseKubeVersion } from "./helm-source.ts";
import type { RenderContext } from "./render-context.ts";
import { SourceError } from "./source-error.ts";
import type { SourceFiles } from "./source-files.ts";

/** What is wrong in a kustomization or in a chart of it. */
const inSource = new Set(["KustomizeError", "ChartError", "TemplateError", "RenderError"]);

/** The one that is built in. */
const kustomizeVersion = /^v?5\.7\.1$/;

/**
 * Builds the kustomization of a source as Argo CD calls `kustomize edit` and `kustomize build`.
 *
 * @throws {Error} in the words of Argo CD and kustomize
 */
export async function renderKustomize(source: ApplicationSource, context: RenderContext): Promise<readonly Manifest[]> {
  const { version, kubeVersion, apiVersions, ...edits } = source.kustomize ?? {};
  if (version && !kustomizeVersion.test(version))
    throw new SourceError(`error getting kustomize binary path: kustomize version ${version} is not registered`);
  const world = new World(context);
  const rootName = context.overrides.rootName ?? "<path to cached source>";
  try {
    const flags = parseKustomizeBuildOptions(await context.kustomizeBuildOptions());
    const cluster = flags.enableHelm === true ? await context.cluster() : undefined;
    const toHelm = kubeVersion || source.helm?.kubeVersion || cluster?.kubeVersion || "";
    const options = {
      rootName,
      reorder: context.overrides.reorder ?? "none",
      ...(cluster !== undefined && {
        helmKubeVersion: toHelm === "" ? "" : parseKubeVersion(toHelm),
        helmApiVersions: apiVersions?.length ? apiVersions : cluster.apiVersions,
      }),
      ...flags,
      argo: substituteArgoOptions(edits, context.environment.substitute),
    };
    const { remote, charts } = world;
    const request = { files: world.own(), root: context.place.path, options, remote, charts };
    return (await context.services.renderer.kustomize(request, context.signal)).manifests;
  } catch (error) {
    const message = `\`kustomize build ${posix.join(rootName, context.place.path)}\` failed: Error: ${errorOf(error)}`;
    const isInSource = error instanceof Error && inSource.has(error.name) && !world.hasFailed;
    throw isInSource ? new SourceError(message) : new Error(message);
  }
}

/** Kustomize's errors have their causes in their text already. */
function errorOf(error: unknown): string {
  return isKustomizeError(error) ? error.message : errorText(error);
}

function isKustomizeError(error: unknown): error is Error {
  return error instanceof Error && error.name === "KustomizeError";
}

/** What a kustomization may look at beyond its own repository: others, the web, charts. */
class World {
  readonly #context: RenderContext;
  /** All files below a directory of the trees that were given out, which charts need. */
  readonly #listings = new WeakMap<KustomizeFiles, (directory: string) => Promise<ReadonlyMap<string, Uint8Array>>>();
  /** Whether something failed that may go well the next time. */
  hasFailed = false;

  constructor(context: RenderContext) {
    this.#context = context;
  }

  own(): KustomizeFiles {
    const { files, place } = this.#context;
    const own: KustomizeFiles = {
      read: async (path) => await files.read({ tree: place.tree, path }),
      kind: async (path) => (await files.find({ tree: place.tree, path }))?.kind,
    };
    this.#listings.set(own, async (directory) => await ownFiles(files, { tree: place.tree, path: directory }));
    return own;
  }

  #other(tree: FileTree): KustomizeFiles {
    const other: KustomizeFiles = {
      async read(path) {
        const node = await tree.find(path);
        return node?.kind === "file" ? await tree.read(node.id) : undefined;
      },
      kind: async (path) => (await tree.find(path))?.kind,
    };
    this.#listings.set(
      other,
      async (directory) => await contents((await tree.files(directory)) ?? [], async (id) => await tree.read(id)),
    );
    return other;
  }

  async #outside<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      this.hasFailed = true;
      throw error;
    }
  }

  readonly remote: KustomizeRemote = {
    clone: async ({ url, ref }) =>
      await this.#outside(async () => this.#other(await this.#context.repository(url, ref))),
    download: async (url) => {
      // Kustomize asks for every URL first whether it is a file; of our own repositories we know.
      if (this.#isOwnRepository(url)) return { status: 404, body: new Uint8Array() };
      const { services, signal, onOutside } = this.#context;
      const answer = await this.#outside(async () => await services.fetchUrl(url, signal));
      if (answer.status >= 200 && answer.status <= 299) onOutside(url);
      return answer;
    },
  };

  #isOwnRepository(url: string): boolean {
    const [, repository = ""] = /^(https?:\/\/.*?)(\/\/|\?|$)/.exec(url) ?? [];
    const { git } = this.#context.services;
    return git.isLocal(url) !== undefined || git.isLocal(repository) !== undefined;
  }

  readonly charts: IsolatedCharts = {
    pull: async ({ name, repository, version }) =>
      await this.#outside(async () => {
        const { services, app, signal, onOutside, refresh } = this.#context;
        onOutside(`${repository} ${name}`);
        const credentials = findRepository(repository, await services.repositories(app.project));
        const chart = { repository, chart: name, version, refresh, ...(credentials !== undefined && { credentials }) };
        const { bytes } = await services.charts.fetch(chart, signal);
        return this.#other(memoryTree(new Map(readArchive(bytes).map((file) => [file.path, file.bytes]))));
      }),
    chart: async (request) => {
      const files = (await this.#listings.get(request.files)?.(request.chart)) ?? new Map<string, Uint8Array>();
      const digest = digestOf([...files].map(([path, bytes]) => ({ path, bytes })));
      return { chart: { digest, content: async () => files }, options: this.#helmOptions(request) };
    },
  };

  #helmOptions(request: HelmTemplateRequest) {
    const { releaseName, nameTemplate, chartName, namespace, values, kubeVersion, apiVersions } = request;
    if (nameTemplate.includes("{{")) throw new Error("nameTemplate with template actions is not supported");
    const now = this.#context.services.now().getTime();
    return {
      // As `helm template --generate-name` makes one.
      releaseName: nameTemplate || releaseName || `${chartName}-${Math.floor(now / 1000)}`,
      ...(namespace !== "" && { namespace }),
      values: { files: values },
      ...(kubeVersion !== "" && { kubeVersion }),
      apiVersions,
      includeCrds: request.includeCrds,
      skipTests: request.skipTests,
      skipHooks: request.skipHooks,
      now,
    };
  }
}

async function ownFiles(files: SourceFiles, at: { tree: string; path: string }): Promise<Map<string, Uint8Array>> {
  return await contents((await files.files(at)) ?? [], async (id) => await files.content(at.tree, id));
}

async function contents(
  items: readonly TreeItem[],
  read: (id: string) => Promise<Uint8Array>,
): Promise<Map<string, Uint8Array>> {
  return new Map(await Promise.all(items.map(async ({ path, id }) => [path, await read(id)] as const)));
}
