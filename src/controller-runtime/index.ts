// Work queues, the reconcile loop, shared caches and events, for every controller in Skiff.
// It promises that a key is never reconciled twice at once, and that failures are tried again with growing waits.
// It leaves to others what is observed and decided.
export { type Controller, type ControllerOptions, type Result, startController } from "./controller.ts";
export { createEventRecorder, type EventRecorder } from "./events.ts";
export { createSharedInformers, type Listener, type SharedInformer, type SharedInformers } from "./shared-informers.ts";
