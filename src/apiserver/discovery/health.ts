import { errorText, type HttpResponse } from "../../lib/index.ts";
import type { HealthEndpoint } from "../http/path.ts";

/** One thing that must work. `run` throws, or says what is wrong, when it does not. */
export type HealthCheck = { name: string; run: () => void /** Whether only `/readyz` asks. */; readyOnly?: boolean };

/**
 * Answers `/livez`, `/readyz` and `/healthz`, with `?verbose` and `?exclude=` and for single checks, in kube-apiserver's form.
 *
 * @param check name of one check; empty for all
 * @param observe told of every check that was made for the whole
 */
export function healthResponse(
  endpoint: HealthEndpoint,
  check: string,
  query: URLSearchParams,
  checks: readonly HealthCheck[],
  observe: (name: string, isGood: boolean) => void = () => {},
): HttpResponse {
  const asked = checks.filter(
    ({ readyOnly, name }) => (endpoint === "readyz" || readyOnly !== true) && (check === "" || name === check),
  );
  if (check !== "") return singleResponse(asked[0]);
  const excluded = new Set(query.getAll("exclude"));
  const lines = asked.map(({ name, run }) => {
    if (excluded.has(name)) return { good: true, text: `[+]${name} excluded: ok` };
    const good = failureOf(run) === undefined;
    observe(name, good);
    return { good, text: good ? `[+]${name} ok` : `[-]${name} failed: reason withheld` };
  });
  const unknown = [...excluded].filter((name) => !asked.some((known) => known.name === name)).sort();
  const names = unknown.map((name) => JSON.stringify(name)).join(",");
  const warning = names === "" ? "" : `warn: some health checks cannot be excluded: no matches for ${names}\n`;
  const text = lines.map((line) => `${line.text}\n`).join("") + warning;
  if (lines.some(({ good }) => !good)) return plain(500, `${text}${endpoint} check failed\n`);
  return query.has("verbose") ? plain(200, `${text}${endpoint} check passed\n`) : plain(200, "ok");
}

/** Who may ask for one check is told why it fails. */
function singleResponse(check: HealthCheck | undefined): HttpResponse {
  if (check === undefined) return plain(404, "404 page not found\n");
  const failure = failureOf(check.run);
  return failure === undefined ? plain(200, "ok") : plain(500, `internal server error: ${failure}\n`);
}

function failureOf(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}

function plain(status: number, body: string): HttpResponse {
  return {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-cache, private" },
    body,
  };
}
