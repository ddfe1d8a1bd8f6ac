import type { KubeObject } from "../../apimachinery/index.ts";
import type { Client } from "../../client/index.ts";
import { errorText } from "../../lib/index.ts";
import { listPlatforms, type PlatformConfig, stateDirectory } from "../../platform/index.ts";
import { connectKubeconfig, readConfigOrExplain } from "../connect.ts";
import { runningPlatform } from "../daemon.ts";
import { formatItems, parseOutputFormat } from "../output.ts";
import { nodes } from "../resources.ts";

const columns = ["NAME", "EXTERNAL-PORT", "KUBE-API", "TLS", "KUBE-PORT", "NODES"];

type Node = KubeObject & {
  status?: { addresses?: { type: string; address: string }[]; capacity?: Record<string, string> };
};

type NodeItem = {
  Name: string;
  InternalIP: string;
  ExternalIP: string;
  Capacity: { Memory: number; Pods: number; Cpu: number };
};

/** idpbuilder's fields. `TlsCheck` says that the server's certificate is verified. */
type ClusterItem = {
  Name: string;
  URLKubeApi: string;
  KubePort: number;
  TlsCheck: boolean;
  ExternalPort: number;
  Nodes: NodeItem[];
  State: string;
};

/** Lists every platform of this user; one that does not answer is listed with its state, not an error. */
export async function getClusters({ output }: { output: string }): Promise<void> {
  const format = parseOutputFormat(output);
  const items: ClusterItem[] = [];
  for (const name of listPlatforms()) items.push(await clusterItem(name));
  const rows = items.map((item) => [
    item.Name,
    String(item.ExternalPort),
    item.URLKubeApi,
    String(item.TlsCheck),
    String(item.KubePort),
    item.State === "running" ? item.Nodes.map((node) => node.Name).join(",") : item.State,
  ]);
  process.stdout.write(formatItems(format, { columns, rows, items, empty: "no clusters found" }));
}

async function clusterItem(name: string): Promise<ClusterItem> {
  let config: PlatformConfig | undefined;
  try {
    config = readConfigOrExplain(name);
  } catch (error) {
    return {
      Name: name,
      URLKubeApi: "",
      KubePort: 0,
      TlsCheck: true,
      ExternalPort: 0,
      Nodes: [],
      State: errorText(error),
    };
  }
  const apiPort = config?.apiPort ?? 0;
  const item: ClusterItem = {
    Name: name,
    URLKubeApi: `https://127.0.0.1:${apiPort}`,
    KubePort: apiPort,
    TlsCheck: true,
    ExternalPort: config?.port ?? 0,
    Nodes: [],
    State: config === undefined ? "incomplete" : "stopped",
  };
  const state = stateDirectory(name);
  if (config === undefined || runningPlatform(state) === undefined) return item;
  try {
    using connection = connectKubeconfig(state.kubeconfig, name);
    return { ...item, State: "running", Nodes: await nodeItems(connection.client) };
  } catch (error) {
    return { ...item, State: errorText(error) };
  }
}

async function nodeItems(client: Client): Promise<NodeItem[]> {
  const { items } = await client.list<Node>(nodes);
  return items.map(({ metadata, status }) => {
    const address = (type: string) => status?.addresses?.find((one) => one.type === type)?.address ?? "";
    const capacity = status?.capacity ?? {};
    return {
      Name: metadata.name ?? "",
      InternalIP: address("InternalIP"),
      ExternalIP: address("ExternalIP"),
      Capacity: {
        Memory: Number.parseInt(capacity["memory"] ?? "0", 10) / 2 ** 20,
        Pods: Number(capacity["pods"] ?? 0),
        Cpu: Number(capacity["cpu"] ?? 0),
      },
    };
  });
}
