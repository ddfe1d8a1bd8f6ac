/** What a pod waits for when it could not be placed: which changes are worth another try. */
export type Cause = "node" | "resources" | "pods" | "volumes";

/** Why a node does not take a pod. `lasting`: also not when pods of less worth give way. */
export type Refusal = { reasons: readonly string[]; lasting: boolean; cause: Cause };
