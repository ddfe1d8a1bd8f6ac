import type { OperationState } from "../../apis/index.ts";
import { createObserveMemory, type ObserveMemory } from "./observe-application.ts";

/** What we know about one application beyond what stands in it. It starts empty after a restart. */
export type ApplicationMemory = {
  uid: string;
  observe: ObserveMemory;
  /** Whether branches and tags must be resolved again, because somebody pushed or it has been long. */
  isStale: boolean;
  /** Whether something has happened that a failed sync may have waited for. */
  mayHaveHealed: boolean;
  /** Before this time the next wave does not begin. */
  resumeAtMs: number;
  /** When remote repositories are asked again. */
  remoteDueAtMs: number;
  /** How often in a row the source could not be read. */
  loadFailures: number;
  /** When drift was undone lately while a sync waited. */
  healedAtMs: number[];
  /** How an operation stands, until that is written. */
  unwritten: OperationState | undefined;
};

export function createApplicationMemory(uid: string): ApplicationMemory {
  return {
    uid,
    observe: createObserveMemory(),
    isStale: true,
    mayHaveHealed: false,
    resumeAtMs: 0,
    remoteDueAtMs: 0,
    loadFailures: 0,
    healedAtMs: [],
    unwritten: undefined,
  };
}
