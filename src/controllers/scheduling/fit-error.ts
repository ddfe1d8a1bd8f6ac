/**
 * Says why no node takes a pod, in kube-scheduler's words: `0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were
 * unschedulable.`
 *
 * @param reasons those of each node that was judged
 */
export function fitErrorText(nodeCount: number, reasons: readonly (readonly string[])[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons.flat()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  const said = parts.length === 0 ? "" : ` ${parts.join(", ")}.`;
  return `0/${nodeCount} nodes are available:${said}`;
}

/** The same when the pod itself is what no node can take. */
export function rejectionText(nodeCount: number, reason: string): string {
  return `0/${nodeCount} nodes are available: ${reason}.`;
}
