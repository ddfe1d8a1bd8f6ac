// A typed client over any Kubernetes API: list, watch, write, and caches kept equal to the server.
// It promises the same behaviour for the embedded server and for a remote one.
// It leaves to others what the objects mean, and where credentials come from.
export type {
  Client,
  DeleteOptions,
  DiscoveredResource,
  List,
  ListOptions,
  ObjectName,
  PatchType,
  Resource,
  WatchEvent,
  WriteOptions,
} from "./client.ts";
export { type ClusterConnection, connectCluster } from "./connect.ts";
export { createClient, resourcePath } from "./create-client.ts";
export { type Informer, type InformerOptions, startInformer } from "./informer.ts";
export { formatKubeconfig, type KubeconfigEntries } from "./kubeconfig.ts";
export { readLines } from "./lines.ts";
