import { type Environment, runGit, withConfig } from "./git-process.ts";

/** Ends a transfer that moves fewer than this many bytes a second for this many seconds. */
const slow = { bytesPerSecond: 1_000, seconds: 30 };
const sshConnectSeconds = 15;

/**
 * What git sees when it reads repositories of others: the user's own configuration, credential helpers and SSH agent, but
 * nothing that would ask a question nobody is there to answer.
 */
export async function fetchEnvironment(inherited: NodeJS.ProcessEnv): Promise<Environment> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherited))
    if (value !== undefined && !isLocal(name)) environment[name] = value;
  // These open windows. GIT_ASKPASS stays: editors set it to a helper that knows the password already.
  delete environment["SSH_ASKPASS"];
  const configured = await runGit(["config", "--get", "core.sshCommand"], { environment, timeoutMs: 10_000 }).catch(
    () => Buffer.alloc(0),
  );
  const ssh = environment["GIT_SSH_COMMAND"] || configured.toString().trim() || quoted(environment["GIT_SSH"] ?? "ssh");
  return withConfig(
    {
      ...environment,
      GIT_TERMINAL_PROMPT: "0",
      GCM_INTERACTIVE: "never",
      GIT_SSH_COMMAND: `${ssh} -o BatchMode=yes -o ConnectTimeout=${sshConnectSeconds}`,
      LC_ALL: "C",
    },
    [
      ["http.lowSpeedLimit", String(slow.bytesPerSecond)],
      ["http.lowSpeedTime", String(slow.seconds)],
      ["core.hooksPath", "/dev/null"],
      // Tidied by us, when nobody fetches.
      ["gc.auto", "0"],
      ["maintenance.auto", "false"],
      ["fetch.recurseSubmodules", "false"],
    ],
  );
}

/** One word for a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Variables that tie git to one repository; they are set when Skiff is started from a hook or an alias. */
function isLocal(name: string): boolean {
  return /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|NAMESPACE|PREFIX|SHALLOW_FILE|QUARANTINE_PATH|CEILING_DIRECTORIES|TRACE.*)$/.test(
    name,
  );
}
