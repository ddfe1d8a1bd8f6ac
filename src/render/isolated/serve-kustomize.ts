import { serialize } from "node:v8";
import { buildKustomization, type KustomizeOptions } from "../kustomize/build.ts";
import type { HelmTemplateRequest } from "../kustomize/helm-charts.ts";
import type { KustomizeFiles } from "../kustomize/loader.ts";
import { type HelmInput, renderFor } from "./serve-helm.ts";
import type { JobContext } from "./serve-jobs.ts";

/** @property hasRemote whether the other process answers `clone` and `download`; `hasCharts`: `pull` and `chart` */
export type KustomizeInput = {
  root: string;
  options: Omit<KustomizeOptions, "remote" | "helm">;
  hasRemote: boolean;
  hasCharts: boolean;
};

/** @property manifests in the format of `node:v8` */
export type KustomizeResult = { manifests: Uint8Array; warnings: string[] };

/** What is asked of the other process about a chart: trees are numbers there. */
export type ChartQuestion = Omit<HelmTemplateRequest, "files"> & { files: number };

/** Builds a kustomization in the process that is there for it. Its files are in the other process. */
export async function serveKustomize(input: KustomizeInput, context: JobContext): Promise<KustomizeResult> {
  const { call, at } = context;
  at("", "");
  const numbers = new WeakMap<KustomizeFiles, number>();
  /** The other process has numbered its trees; the first one has the kustomization. */
  const treeOf = (number: unknown): KustomizeFiles => {
    const tree: KustomizeFiles = {
      read: async (path) => call("read", number, path) as Awaited<ReturnType<KustomizeFiles["read"]>>,
      kind: async (path) => call("kind", number, path) as Awaited<ReturnType<KustomizeFiles["kind"]>>,
    };
    numbers.set(tree, Number(number));
    return tree;
  };
  const { manifests, warnings } = await buildKustomization(treeOf(0), input.root, {
    ...input.options,
    ...(input.hasRemote && {
      remote: {
        clone: async (repository) => treeOf(call("clone", repository)),
        download: async (url) => call("download", url) as { status: number; body: Uint8Array },
      },
    }),
    ...(input.hasCharts && {
      helm: {
        pull: async (chart) => treeOf(call("pull", chart)),
        async template({ files, ...request }) {
          const question: ChartQuestion = { ...request, files: numbers.get(files) ?? 0 };
          const { rendered } = renderFor(call("chart", question) as HelmInput, context);
          at("", "");
          return rendered.manifest;
        },
      },
    }),
  });
  return { manifests: serialize(manifests), warnings };
}
