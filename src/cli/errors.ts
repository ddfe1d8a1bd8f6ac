/** How the command ends; 2 to 4 let scripts tell the cases apart. */
export const exitCodes = { failed: 1, usage: 2, notReady: 3, needsPods: 4 } as const;

type Facts = Record<string, string | number>;
type Entry = { what: (facts: Facts) => string; fix: (facts: Facts) => string; exitCode: number };

const plain = (text: string) => () => text;

/**
 * Every error a user can meet: what happened, and how to fix it. The code is stable and is printed, so that it can be
 * searched for.
 */
export const errorTable = {
  usage: {
    what: ({ why }) => `${why}`,
    fix: ({ command }) => `See ${command ?? "skiff"} --help`,
    exitCode: exitCodes.usage,
  },
  "package-invalid": {
    what: ({ why }) => `${why}`,
    fix: plain("Give a directory, a .yaml file, or https://host/org/repo//path?ref=x"),
    exitCode: exitCodes.usage,
  },
  "kind-only": {
    what: ({ flag }) => `${flag} sets up a kind cluster, and Skiff runs none: it serves the Kubernetes API itself`,
    fix: ({ flag, instead }) => `Leave ${flag} out${instead ? `; ${instead}` : ""}`,
    exitCode: exitCodes.usage,
  },
  "no-platform": {
    what: ({ name }) => `There is no platform ${name}`,
    fix: ({ name, all }) => `Make it with: skiff create --name ${name}${all ? ` (there are: ${all})` : ""}`,
    exitCode: exitCodes.failed,
  },
  "no-cluster": {
    what: ({ cluster, name }) => `Platform ${name} has no logical cluster ${cluster}`,
    fix: ({ cluster, name, all }) =>
      `Make it with: skiff cluster create ${cluster} --name ${name}${all ? ` (there are: ${all})` : ""}`,
    exitCode: exitCodes.failed,
  },
  "cluster-exists": {
    what: ({ cluster, name }) => `Platform ${name} has a logical cluster ${cluster} already`,
    fix: ({ cluster, name }) => `Use it with: skiff kubeconfig --cluster ${cluster} --name ${name} --merge`,
    exitCode: exitCodes.failed,
  },
  "cluster-name": {
    what: ({ cluster }) => `${cluster} cannot be the name of a logical cluster`,
    fix: plain(
      "Use up to 63 lower case letters, digits and hyphens, beginning and ending with a letter or digit; not root",
    ),
    exitCode: exitCodes.usage,
  },
  "no-cluster-kubeconfig": {
    what: ({ cluster }) => `The kubeconfig of logical cluster ${cluster} is kept nowhere`,
    fix: ({ cluster }) =>
      `Say where: kubectl patch logicalcluster ${cluster} --type merge -p '{"spec":{"kubeconfigSecret":{"namespace":"skiff-system"}}}'`,
    exitCode: exitCodes.failed,
  },
  "not-running": {
    what: ({ name }) => `Platform ${name} is not running`,
    fix: ({ name }) => `Start it with: skiff start --name ${name}`,
    exitCode: exitCodes.failed,
  },
  "port-taken": {
    what: ({ host, port }) => `Port ${port} on ${host} is in use by another process`,
    fix: ({ name, flag }) =>
      `End that process (find it with: ss -ltnp), or choose another port: skiff create --name ${name} ${flag} <port>`,
    exitCode: exitCodes.failed,
  },
  "port-denied": {
    what: ({ port }) => `The system does not let this user listen on port ${port}`,
    fix: ({ name, flag }) => `Choose a port above 1023: skiff create --name ${name} ${flag} 8443`,
    exitCode: exitCodes.failed,
  },
  "stale-process": {
    what: ({ name, pid, why }) =>
      `Process ${pid} of platform ${name} is alive but does not answer${why ? ` (${why})` : ""}`,
    fix: ({ name }) => `End it with: skiff stop --force --name ${name} and then run the same command again`,
    exitCode: exitCodes.failed,
  },
  locked: {
    what: ({ file }) => `Another process has the platform's database open: ${file}`,
    fix: ({ name }) => `Wait for it to end, or end it with: skiff stop --force --name ${name}`,
    exitCode: exitCodes.failed,
  },
  "disk-full": {
    what: ({ file }) => `The disk is full: ${file} cannot be written`,
    fix: plain("Free some space (df -h shows where), then run the same command again; nothing acknowledged is lost"),
    exitCode: exitCodes.failed,
  },
  "half-deleted": {
    what: ({ directory, missing }) => `${directory} is not whole: ${missing} is missing`,
    fix: ({ name }) => `Remove what is left with: skiff delete --name ${name} and then create it again`,
    exitCode: exitCodes.failed,
  },
  "not-a-directory": {
    what: ({ path }) => `${path} is a file, and a platform is kept in a directory of that name`,
    fix: ({ path }) => `Move the file away (mv ${path} ${path}.old), or set SKIFF_HOME to another directory`,
    exitCode: exitCodes.failed,
  },
  "backup-failed": {
    what: ({ name, file, why }) => `The backup of platform ${name} could not be written to ${file}: ${why}`,
    fix: plain("Give a file in a directory with enough space that this user may write to; what was written is removed"),
    exitCode: exitCodes.failed,
  },
  "restore-failed": {
    what: ({ why }) => `${why}`,
    fix: ({ file }) =>
      `Give a file that skiff backup made; to take the place of a platform: skiff restore ${file} --replace, or --name for another name`,
    exitCode: exitCodes.failed,
  },
  "still-running": {
    what: ({ name, pid }) => `Platform ${name} is running (process ${pid})`,
    fix: ({ name }) => `Stop it first: skiff stop --name ${name}`,
    exitCode: exitCodes.failed,
  },
  "newer-database": {
    what: ({ why }) => `${why}`,
    fix: plain("Use the version of Skiff that wrote it, or a newer one"),
    exitCode: exitCodes.failed,
  },
  "corrupt-database": {
    what: ({ why }) => `${why}`,
    fix: ({ name }) =>
      `Bring back a backup with: skiff restore <file> --name ${name} --replace, or start over with: skiff create --recreate --name ${name}`,
    exitCode: exitCodes.failed,
  },
  "state-unwritable": {
    what: ({ why }) => `${why}`,
    fix: ({ directory }) => `Make ${directory} writable for this user, or set SKIFF_HOME to another directory`,
    exitCode: exitCodes.failed,
  },
  "config-invalid": {
    what: ({ why }) => `${why}`,
    fix: ({ name }) => `Correct the file, or start over with: skiff create --recreate --name ${name}`,
    exitCode: exitCodes.failed,
  },
  "git-missing": {
    what: plain("git is not installed, and Skiff serves repositories with it"),
    fix: plain(
      "Install it (Debian, Ubuntu: apt-get install git; macOS: xcode-select --install), then run the same command again",
    ),
    exitCode: exitCodes.failed,
  },
  "start-failed": {
    what: ({ name, why }) => `Platform ${name} did not start: ${why}`,
    fix: ({ name, log }) => `The log says more: skiff logs --name ${name} (${log})`,
    exitCode: exitCodes.failed,
  },
  ended: {
    what: ({ name }) => `The process of platform ${name} ended while this command waited for it`,
    fix: ({ name, log }) =>
      `Run the same command again. If it ends again, the log says more: skiff logs --name ${name} (${log})`,
    exitCode: exitCodes.failed,
  },
  "api-unreachable": {
    what: ({ name, why }) => `The API of platform ${name} does not answer: ${why}`,
    fix: ({ name }) => `Look at: skiff status --name ${name} and skiff logs --name ${name}`,
    exitCode: exitCodes.failed,
  },
  "package-failed": {
    what: ({ count, why }) => `${count} ${count === 1 ? "thing" : "things"} could not be brought up:\n${why}`,
    fix: ({ name }) =>
      `Correct the files named above; the platform runs and takes changes as they are saved. skiff get packages --name ${name} shows the state`,
    exitCode: exitCodes.failed,
  },
  "not-ready": {
    what: ({ timeout, why }) => `Not ready after ${timeout}:\n${why}`,
    fix: ({ name }) =>
      `The platform goes on trying. Look again with: skiff status --name ${name}, or wait longer with --timeout`,
    exitCode: exitCodes.notReady,
  },
  "needs-pods": {
    what: ({ why }) =>
      `Some applications become healthy only when their pods run, and this platform runs no pods:\n${why}`,
    fix: plain(
      "The objects are stored and served. To have the life cycle of pods played, start with: skiff create --compute=simulated",
    ),
    exitCode: exitCodes.needsPods,
  },
  "needs-outside": {
    what: ({ why }) =>
      `Some applications become healthy only when something outside the cluster answers for them, and nothing does:\n${why}`,
    fix: plain("The objects are stored and served; their pods are simulated"),
    exitCode: exitCodes.needsPods,
  },
  "render-failed": {
    what: ({ why }) => `${why}`,
    fix: plain("Correct what is named above; skiff render --help shows what can be given on the command line"),
    exitCode: exitCodes.failed,
  },
  "diff-failed": {
    what: ({ why }) => `${why}`,
    fix: plain("Correct what is named above; a difference ends with 1, this with 2"),
    exitCode: exitCodes.usage,
  },
  "nothing-to-render": {
    what: ({ what, name }) =>
      `There is no file or directory ${what}, and platform ${name} has no application of that name`,
    fix: ({ all }) =>
      `Give a directory with a chart, a kustomization or manifests, a file with an Application, or a name${all ? ` (there are: ${all})` : ""}`,
    exitCode: exitCodes.usage,
  },
  "cluster-unreachable": {
    what: ({ server, why }) => `The Kubernetes API at ${server} does not answer: ${why}`,
    fix: plain("Start it, or name another with --kubeconfig and --context, or a platform of Skiff with --name"),
    exitCode: exitCodes.failed,
  },
  "cluster-refused": {
    what: ({ server, why }) => `The Kubernetes API at ${server} refuses it: ${why}`,
    fix: plain("Use a kubeconfig, or a context of it, whose user may do this: --kubeconfig, --context"),
    exitCode: exitCodes.failed,
  },
  verifier: {
    what: ({ why }) => `${why}`,
    fix: plain("Give the file of a Prerequisite (cnoe.io/v1alpha1), or one that is built in: ack-s3, spark, bad-spark"),
    exitCode: exitCodes.failed,
  },
  "template-output": {
    what: ({ directory, why }) => `Cannot write into ${directory}: ${why}`,
    fix: plain("Name another directory with --outputDir; nothing was changed"),
    exitCode: exitCodes.failed,
  },
  "no-form-page": {
    what: plain("The page that shows forms was not built: it is made of development dependencies"),
    fix: plain(
      "In a clone of Skiff: npm run skiff -- template preview --browser <template>, which installs and builds it; without --browser the form is shown here",
    ),
    exitCode: exitCodes.failed,
  },
  "preview-port": {
    what: ({ port, why }) => `Cannot serve the preview on port ${port} of 127.0.0.1: ${why}`,
    fix: plain("Leave out --port for a free one"),
    exitCode: exitCodes.failed,
  },
  "template-input": {
    what: ({ why }) => `${why}`,
    fix: ({ command }) => `Correct what is named above; see ${command} --help`,
    exitCode: exitCodes.failed,
  },
  "template-interrupted": {
    what: plain("command interrupted"),
    fix: plain("Run the same command again: files are written as a whole or not at all"),
    exitCode: exitCodes.failed,
  },
  interrupted: {
    what: plain("command interrupted"),
    fix: ({ name }) => `The platform was left as it is: skiff status --name ${name}`,
    exitCode: exitCodes.failed,
  },
} satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof errorTable;

/** An error with an entry in the table: its message says what happened, {@link CliError.fix} what to do. */
export class CliError extends Error {
  readonly code: ErrorCode;
  readonly fix: string;
  readonly exitCode: number;
  constructor(code: ErrorCode, facts: Facts = {}, options?: ErrorOptions) {
    const entry: Entry = errorTable[code];
    super(entry.what(facts), options);
    this.code = code;
    this.fix = entry.fix(facts);
    this.exitCode = entry.exitCode;
  }
}

/** Whether a text is a code of the table; processes tell each other errors by code. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorTable, text);
}
