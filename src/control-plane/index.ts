// A Kubernetes control plane inside the caller's own process, for tests and tools: what envtest is to Go, without binaries.
// It promises the same API server and controllers as a platform has, in memory, started in milliseconds.
// It leaves to others Git, GitOps, packages and everything else that a platform adds.
export type {
  KubeObject,
  ManagedFieldsEntry,
  ObjectMeta,
  OwnerReference,
  Status,
  StatusCause,
} from "../apimachinery/index.ts";
export { isStatusError, StatusError } from "../apimachinery/index.ts";
export type { Snapshot } from "../apiserver/index.ts";
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
} from "../client/index.ts";
export { type Informer, type InformerOptions, startInformer } from "../client/index.ts";
export type { Handler, HttpRequest, HttpResponse, User } from "../lib/index.ts";
export {
  type ControlPlane,
  type ControlPlaneOptions,
  type Identity,
  startControlPlane,
} from "./control-plane.ts";
export type { Fixture } from "./fixtures.ts";
