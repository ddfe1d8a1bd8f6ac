// Work queues and the reconcile loop, for every controller in Skiff.
// It promises that a key is never reconciled twice at once, and that failures are tried again with growing waits.
// It leaves to others what is observed and decided.
export { type Controller, type ControllerOptions, type Result, startController } from "./controller.ts";
