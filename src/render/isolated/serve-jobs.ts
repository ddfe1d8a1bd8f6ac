import { type ChartShelf, createChartShelf } from "./chart-shelf.ts";
import { errorFromData, errorToData } from "./error-data.ts";
import type { FromProcess, ToProcess } from "./frames.ts";
import { type HelmInput, serveHelm } from "./serve-helm.ts";
import type { KustomizeInput } from "./serve-kustomize.ts";

/** What jobs of a process share. */
export type JobContext = {
  shelf: ChartShelf;
  /** Asks the process that has given the job, and waits for the answer. */
  call(name: string, ...args: unknown[]): unknown;
  /** Says what is being rendered: a chart, and a template of it. */
  at(chart: string, template: string): void;
};

/** Does jobs, one after the other, for as long as any come. */
export async function serveJobs(options: {
  receive: () => ToProcess;
  send: (message: FromProcess) => void;
  afterFirst: () => void;
  cacheBytes: number;
}): Promise<never> {
  const { receive, send, afterFirst, cacheBytes } = options;
  const context: JobContext = {
    shelf: createChartShelf(cacheBytes),
    call(name, ...args) {
      send({ type: "call", name, args });
      const answer = receive();
      if (answer.type !== "answer") throw new Error(`Cannot ask for ${name}: there is a job instead of an answer`);
      if (answer.error !== undefined) throw errorFromData(answer.error);
      return answer.value;
    },
    at: (chart, template) => send({ type: "at", text: `${chart}\n${template}` }),
  };
  for (let jobs = 0; ; jobs++) {
    const message = receive();
    if (message.type !== "job") throw new Error("Cannot do a job: there is an answer that nobody has asked for");
    try {
      send({ type: "done", result: await serve(message, context) });
    } catch (error) {
      send({ type: "failed", error: errorToData(error) });
    }
    if (jobs === 0) afterFirst();
  }
}

/** The input of a job is of the type that its kind says. */
async function serve({ kind, input }: ToProcess & { type: "job" }, context: JobContext): Promise<unknown> {
  if (kind === "helm") return serveHelm(input as HelmInput, context);
  // Most processes build no kustomization, and are there sooner without.
  const { serveKustomize } = await import("./serve-kustomize.ts");
  return await serveKustomize(input as KustomizeInput, context);
}
