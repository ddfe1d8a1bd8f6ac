// The controllers every Kubernetes client counts on: namespaces, garbage collection, default ServiceAccounts.
// It promises what kube-controller-manager does for these, through the Kubernetes API alone.
// It leaves workloads, GitOps and packages to other rooms.
export { startControllers } from "./start-controllers.ts";
