import { type Fields, itemsAt } from "../apimachinery/index.ts";

/** Whether a pod's life is only played: its condition says so, and nothing answers inside. */
export function isSimulated(pod: Fields): boolean {
  return itemsAt(pod, "status", "conditions").some(
    ({ type, status }) => type === "skiff.dev/Simulated" && status === "True",
  );
}
