/** The two parts of a request's target. Not through `URL`, which would take `//name` for a host. */
export function parseTarget(target: string): { pathname: string; query: URLSearchParams } {
  const at = target.indexOf("?");
  return at < 0
    ? { pathname: target, query: new URLSearchParams() }
    : { pathname: target.slice(0, at), query: new URLSearchParams(target.slice(at + 1)) };
}
