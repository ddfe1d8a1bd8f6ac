import { GitError, GitTimeoutError } from "./git-process.ts";
import { type GitUrl, withoutPassword } from "./git-url.ts";

/** What git says in plain C locale, and what to tell the user. The first that fits counts. */
const explanations: readonly (readonly [pattern: RegExp, why: string])[] = [
  [
    /could not read (Username|Password)|terminal prompts disabled|Authentication failed|HTTP Basic: Access denied|returned error: 40[13]|HTTP 40[13]/i,
    "it needs a user name and a password or token. Give them to git: run `git ls-remote` on this URL once with a credential helper set up, or sign in with `gh auth setup-git`",
  ],
  [
    /Permission denied \(|publickey|no mutual signature/i,
    "SSH did not let us in. Add the key that this host knows to your SSH agent: `ssh-add`, then try `ssh -T` on the host",
  ],
  [
    /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/i,
    "the SSH key of the host is not known. Connect to it once with `ssh` and accept the key",
  ],
  [
    /Could not resolve (host|hostname|proxy)|Name or service not known|nodename nor servname|Temporary failure in name resolution/i,
    "the name of the host cannot be resolved. Check the spelling and the network",
  ],
  [
    /SSL certificate|certificate verif|self[- ]signed|unable to get local issuer/i,
    "its TLS certificate is not trusted. Tell git about the authority that made it: `git config --global http.<URL>.sslCAInfo <file>`",
  ],
  [
    /Connection refused|Failed to connect|Connection timed out|Operation timed out|Network is unreachable|No route to host|Connection reset|Operation too slow|early EOF|unexpectedly closed|Empty reply|returned error: 5\d\d/i,
    "the host cannot be reached or does not answer. Check the network, and that the server is up",
  ],
  [
    /Repository not found|not found|does not exist|does not appear to be a git repository|No such file or directory|returned error: 404|Could not read from remote repository/i,
    "there is no such repository, or it is hidden from us. Check the URL; a private one needs credentials that git can find",
  ],
];

/** Says what went wrong in a sentence that names the URL, without its password, and what to do. */
export function fetchError({ shown }: GitUrl, error: unknown): Error {
  if (error instanceof GitTimeoutError) return new Error(`Cannot fetch ${shown}: ${error.message}`);
  if (!(error instanceof GitError)) return new Error(`Cannot fetch ${shown}`, { cause: error });
  const stderr = withoutPassword(error.stderr);
  const why = explanations.find(([pattern]) => pattern.test(stderr))?.[1];
  const said = stderr
    .split("\n")
    .map((line) => line.replace(/^(fatal|error|remote): */, "").trim())
    .filter(Boolean);
  // Git's last line alone is often only advice.
  const cause = new Error(`git said: ${said.slice(-6).join("; ") || "nothing"}`);
  return why === undefined
    ? new Error(`Cannot fetch ${shown}: ${said.at(-1) ?? "git failed"}`, { cause })
    : new Error(`Cannot fetch ${shown}: ${why}`, { cause });
}

/** The server does not give what was asked for in this way, but may in another. */
export function isRefusedDetail(error: unknown): boolean {
  return (
    error instanceof GitError &&
    /unadvertised object|does not support shallow|dumb http transport|shallow capabilities|does not allow request/i.test(
      error.stderr,
    )
  );
}

/** The server has no such object. */
export function isUnknownObject(error: unknown): boolean {
  return (
    error instanceof GitError &&
    /not our ref|couldn't find remote ref|could not find remote ref|remote did not send all necessary objects/i.test(
      error.stderr,
    )
  );
}

/** The mirror on our disk is damaged, which a new one cures. */
export function isDamaged(error: unknown): boolean {
  return (
    error instanceof GitError &&
    /bad object|is corrupt|object corrupt|loose object|missing (blob|tree|commit)|bad tree|pack.* (cannot be accessed|is far too short|corrupt)|not a git repository: '|shallow file/i.test(
      error.stderr,
    )
  );
}
