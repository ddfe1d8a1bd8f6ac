import type { HttpRequest } from "../../lib/index.ts";

/** What a client that shows JSON to people names itself. */
const humanAgents = /^(curl|Wget|Mozilla\/5\.0)/;
/** What Go takes for yes. */
const yes = new Set(["1", "t", "T", "true", "TRUE", "True"]);

/** Whether a client wants its JSON indented: it says so with `pretty`, or else by its name. */
export function isPretty({ target, headers }: Pick<HttpRequest, "target" | "headers">): boolean {
  const mark = target.indexOf("?");
  if (mark >= 0 && target.includes("pretty", mark)) {
    const asked = new URLSearchParams(target.slice(mark + 1)).get("pretty");
    if (asked) return yes.has(asked);
  }
  return humanAgents.test(headers["user-agent"] ?? "");
}

/** JSON with a newline at its end, as all answers of Kubernetes have one. */
export function jsonText(value: unknown, pretty: boolean): string {
  // Kubernetes' own indented JSON has none.
  return pretty ? JSON.stringify(value, null, 2) : `${JSON.stringify(value)}\n`;
}
