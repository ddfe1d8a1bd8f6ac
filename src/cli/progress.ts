import { formatDuration } from "./duration.ts";
import { flatten, type Item, type ItemState } from "./readiness.ts";

/** Shows what is waited for, while it is waited for. */
export type Progress = {
  /** A step of the command itself. */
  step(text: string): void;
  /** How things stand now; only what changed since is shown. */
  show(items: readonly Item[]): void;
  /** Ends the display; what was drawn last stays. */
  end(): void;
};

const states: readonly ItemState[] = ["ready", "waiting", "failing", "broken", "needs-pods"];
const marks: Record<ItemState, string> = { ready: "✓", waiting: "…", failing: "!", broken: "✗", "needs-pods": "◦" };

/** ANSI colors of the marks: green, yellow, red and grey. */
const colors: Record<ItemState, number> = { ready: 32, waiting: 90, failing: 33, broken: 31, "needs-pods": 33 };

/** The same text with the mark at the start of each line in the color of its state. */
export function colorMarks(text: string): string {
  return text.replace(/^(\s*)([✓…!✗◦])(?= )/gm, (whole, indent: string, mark: string) => {
    const state = states.find((one) => marks[one] === mark);
    return state === undefined ? whole : `${indent}\u001b[${colors[state]}m${mark}\u001b[0m`;
  });
}

/** One JSON object a line on standard output: `{time, event, ...}`. */
export function jsonProgress(write: (line: string) => void, now: () => Date): Progress {
  const emit = (event: Record<string, unknown>) =>
    write(`${JSON.stringify({ time: now().toISOString(), ...event })}\n`);
  return {
    step: (message) => emit({ event: "step", message }),
    show: onChanges((item) => emit({ event: "state", what: item.what, state: item.state, why: item.why })),
    end: () => {},
  };
}

/** One plain line for each change, for logs and pipes. */
export function lineProgress(write: (line: string) => void): Progress {
  return {
    step: (text) => write(`${text}\n`),
    show: onChanges((item) => write(`${marks[item.state]} ${item.what}${item.why === "" ? "" : `: ${item.why}`}\n`)),
    end: () => {},
  };
}

/** A tree that is redrawn in place, for terminals. */
export function treeProgress(
  terminal: { write(text: string): unknown; columns?: number; rows?: number },
  nowMs: () => number,
): Progress {
  const startedMs = nowMs();
  let drawn = 0;
  let last: readonly Item[] = [];
  const erase = () => (drawn > 0 ? `\u001b[${drawn}A\u001b[0J` : "");
  const draw = () => {
    const lines = treeLines(last, (terminal.columns ?? 80) - 1).slice(0, Math.max(3, (terminal.rows ?? 24) - 2));
    lines.push(`  ${formatDuration(nowMs() - startedMs)}`);
    terminal.write(`${erase()}${lines.join("\n")}\n`);
    drawn = lines.length;
  };
  const ticker = setInterval(() => {
    if (last.length > 0) draw();
  }, 500).unref();
  return {
    step(text) {
      terminal.write(`${erase()}${text}\n`);
      drawn = 0;
      if (last.length > 0) draw();
    },
    show(items) {
      last = items;
      draw();
    },
    end: () => clearInterval(ticker),
  };
}

/** The items as an indented tree, cut to the width. */
export function treeLines(items: readonly Item[], width: number, indent = ""): string[] {
  return items.flatMap((item) => {
    const text = `${indent}${marks[item.state]} ${item.what}${item.why === "" ? "" : `  ${item.why}`}`.replaceAll(
      "\n",
      " ",
    );
    return [
      text.length > width ? `${text.slice(0, width - 1)}…` : text,
      ...treeLines(item.children, width, `${indent}  `),
    ];
  });
}

function onChanges(told: (item: Item) => void): (items: readonly Item[]) => void {
  const before = new Map<string, string>();
  return (items) => {
    for (const item of flatten(items)) {
      const state = `${item.state} ${item.why}`;
      if (before.get(item.what) === state) continue;
      before.set(item.what, state);
      told(item);
    }
  };
}
