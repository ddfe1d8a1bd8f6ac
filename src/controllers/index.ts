// The controllers every Kubernetes client counts on, the scheduler, and the nodes with what plays the life of their pods.
// It promises what kube-controller-manager and kube-scheduler do, through the Kubernetes API alone.
// It leaves GitOps and packages to other rooms, and running containers to nobody: pods wait, or are simulated.
export type { CertificateSigner } from "./certificates/kinds.ts";
export type { ComputeMode, ComputeOptions } from "./compute/compute.ts";
export { machineAddress } from "./compute/describe-nodes.ts";
export type { ApiServerAddress } from "./network/api-server-endpoints.ts";
export { type ControllerSigning, startControllers } from "./start-controllers.ts";
