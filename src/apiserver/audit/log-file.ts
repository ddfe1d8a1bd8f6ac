import { type FileHandle, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorText, type Log, makeDirectory } from "../../lib/index.ts";

/** Takes audit events, one line each. */
export type AuditSink = AsyncDisposable & {
  /** Never waits and never throws. */
  write(line: string): void;
};

export type AuditLogOptions = {
  file: string;
  /** A file that would grow beyond it is put aside; `--audit-log-maxsize` of kube-apiserver. */
  sizeBytesMax: number;
  /** How many files that were put aside are kept; `--audit-log-maxbackup`. */
  backupsMax: number;
  log: Log;
  now?: () => Date;
};

/** What may wait to be written; more is lost rather than kept in memory. A disk takes this in a second. */
const waitingBytesMax = 64 * 2 ** 20;
/** What is written at once. */
const batchBytesMax = 2 ** 20;

/** Appends lines to a file, and puts the file aside when it is large. Disposing writes what waits. */
export function openAuditLog(options: AuditLogOptions): AuditSink {
  const { file, sizeBytesMax, log } = options;
  makeDirectory(dirname(file), 0o700);
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let lost = 0;
  let writing: Promise<void> | undefined;
  let current: { handle: FileHandle; sizeBytes: number } | undefined;

  const close = async () => {
    await current?.handle.close();
    current = undefined;
  };
  const writeNext = async () => {
    current ??= await openForAppend(file);
    const [first] = waiting;
    if (first === undefined) return;
    if (current.sizeBytes > 0 && current.sizeBytes + first.byteLength > sizeBytesMax) {
      await close();
      await putAside(options);
      current = await openForAppend(file);
    }
    const batch = takeBatch(waiting, Math.min(batchBytesMax, sizeBytesMax - current.sizeBytes));
    const bytes = Buffer.concat(batch);
    waiting = waiting.slice(batch.length);
    waitingBytes -= bytes.byteLength;
    current.sizeBytes += bytes.byteLength;
    await current.handle.appendFile(bytes);
  };
  const writeAll = async () => {
    while (waiting.length > 0) {
      try {
        await writeNext();
      } catch (error) {
        log.warn("Audit events are lost: the log cannot be written", { file, why: errorText(error) });
        waiting = [];
        waitingBytes = 0;
        await close().catch(() => {});
      }
    }
    writing = undefined;
  };

  return {
    write(line) {
      if (waitingBytes > waitingBytesMax) {
        if (lost++ === 0) log.warn("Audit events are lost: the disk does not keep up", { file });
        return;
      }
      if (lost > 0) log.warn("Audit events were lost", { file, count: lost });
      lost = 0;
      const bytes = Buffer.from(`${line}\n`);
      waiting.push(bytes);
      waitingBytes += bytes.byteLength;
      writing ??= Promise.resolve().then(writeAll);
    },
    async [Symbol.asyncDispose]() {
      await writing;
      await close();
    },
  };
}

async function openForAppend(file: string) {
  const handle = await open(file, "a", 0o600);
  return { handle, sizeBytes: (await handle.stat()).size };
}

/** The first lines that fit, but at least one. */
function takeBatch(lines: readonly Buffer[], sizeBytesMax: number): Buffer[] {
  let sizeBytes = 0;
  const beyond = lines.findIndex((line, index) => {
    sizeBytes += line.byteLength;
    return index > 0 && sizeBytes > sizeBytesMax;
  });
  return lines.slice(0, beyond < 0 ? lines.length : beyond);
}

/** Gives the file a name with the time in it, as lumberjack does, so that the names of old files are in their order. */
async function putAside({ file, backupsMax, now = () => new Date() }: AuditLogOptions): Promise<void> {
  const name = basename(file);
  const dot = name.lastIndexOf(".");
  const [stem, ending] = dot <= 0 ? [name, ""] : [name.slice(0, dot), name.slice(dot)];
  const folder = dirname(file);
  const time = now().toISOString().slice(0, -1).replaceAll(":", "-");
  await rename(file, join(folder, `${stem}-${time}${ending}`));
  const backups = (await readdir(folder))
    .filter((other) => other.startsWith(`${stem}-`) && other.endsWith(ending))
    .sort();
  for (const old of backups.slice(0, Math.max(0, backups.length - backupsMax)))
    await rm(join(folder, old), { force: true });
}
