import { isFields, isStatusError, parseYaml } from "../../apimachinery/index.ts";
import { type Client, createClient } from "../../client/index.ts";
import { errorText, type Handler } from "../../lib/index.ts";
import { stateDirectory } from "../../platform/index.ts";
import { readClusterKubeconfig } from "../commands/cluster.ts";
import { connectPlatform, openKubeconfig, reachCluster } from "../connect.ts";
import { CliError } from "../errors.ts";
import { kubeconfigFile } from "../kubeconfig.ts";

/** Which cluster: a platform by its name, else what a kubeconfig's context says. */
export type ClusterFlags = { name?: string; kubeconfig?: string; context?: string };
export type OpenedCluster = Disposable & { client: Client; server: string };

/**
 * Connects to the cluster that the flags name; without any, to the one that kubectl talks to.
 *
 * @throws {CliError} when it is not named rightly, or does not answer
 */
export function openCluster({ name, kubeconfig, context }: ClusterFlags): OpenedCluster {
  if (name !== undefined && (kubeconfig ?? context) !== undefined)
    throw new CliError("usage", {
      why: "--name names a platform of Skiff, and leaves no choice of kubeconfig and context",
    });
  if (name === undefined) return openHandler(openKubeconfig(kubeconfig ?? kubeconfigFile(), context));
  // Says what to do when there is no such platform, or it does not run.
  connectPlatform(name)[Symbol.dispose]();
  return openHandler(openKubeconfig(stateDirectory(name).kubeconfig));
}

/** A logical cluster of a platform that runs, as its administrator. */
export async function openLogicalCluster(client: Client, cluster: string, platform: string): Promise<OpenedCluster> {
  const text = await readClusterKubeconfig(client, cluster, platform);
  const config = parseYaml(text);
  return openHandler(reachCluster(isFields(config) ? config : {}, `the kubeconfig of ${cluster}`));
}

/** Asks a cluster. @throws {CliError} with the server's words when it refuses */
export async function asked<T>(cluster: OpenedCluster, question: (client: Client) => Promise<T>): Promise<T> {
  try {
    return await question(cluster.client);
  } catch (error) {
    if (!isStatusError(error)) throw error;
    throw new CliError("cluster-refused", { server: cluster.server, why: error.message }, { cause: error });
  }
}

function openHandler({ handler, server }: { handler: Handler & Disposable; server: string }): OpenedCluster {
  const explaining: Handler = async (request) => {
    try {
      return await handler(request);
    } catch (error) {
      // The error itself names the server once more.
      const why = errorText(error instanceof Error && error.cause !== undefined ? error.cause : error);
      throw new CliError("cluster-unreachable", { server, why }, { cause: error });
    }
  };
  return {
    client: createClient(explaining, { userAgent: "skiff-cli" }),
    server,
    [Symbol.dispose]: () => handler[Symbol.dispose](),
  };
}
