import type { HttpResponse } from "../../lib/index.ts";
import type { HealthEndpoint } from "../http/path.ts";

/** One thing that must work. `run` throws, or says what is wrong, when it does not. */
export type HealthCheck = { name: string; run: () => void /** Whether only `/readyz` asks. */; readyOnly?: boolean };

/**
 * Answers `/livez`, `/readyz` and `/healthz`, with `?verbose` and `?exclude=` and for single checks, in kube-apiserver's form.
 *
 * @param check name of one check; empty for all
 */
export function healthResponse(
  endpoint: HealthEndpoint,
  check: string,
  query: URLSearchParams,
  checks: readonly HealthCheck[],
): HttpResponse {
  const asked = checks.filter(
    ({ readyOnly, name }) => (endpoint === "readyz" || readyOnly !== true) && (check === "" || name === check),
  );
  if (check !== "" && asked.length === 0) return plain(404, "404 page not found\n");
  const excluded = new Set(query.getAll("exclude"));
  const lines = asked.map(({ name, run }) => {
    if (excluded.has(name)) return { good: true, text: `[+]${name} excluded: ok` };
    return isGood(run)
      ? { good: true, text: `[+]${name} ok` }
      : { good: false, text: `[-]${name} failed: reason withheld` };
  });
  const text = lines.map((line) => `${line.text}\n`).join("");
  if (lines.some(({ good }) => !good)) return plain(500, `${text}${endpoint} check failed\n`);
  return query.has("verbose") && check === "" ? plain(200, `${text}${endpoint} check passed\n`) : plain(200, "ok");
}

function isGood(run: () => void): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}

function plain(status: number, body: string): HttpResponse {
  return {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-cache, private" },
    body,
  };
}
