import { terminal } from "./terminal.ts";

/** What a long command shows of itself while it runs, on stderr. */
export interface Progress {
  /** Runs a step: shows that it is under way, then how long it took, or that it failed. */
  step<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** A line that stays. */
  line(text: string): void;
  /** The one line at the end that changes in place; only on a terminal. */
  live(text: string | undefined): void;
  /** Leaves the terminal as it should be. */
  end(): void;
}

const redrawMs = 100;
const frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  const startedAt = performance.now();
  const running = new Map<symbol, string>();
  let text: string | undefined;
  let drawn = false;
  const timer = stream.isTTY ? setInterval(draw, redrawMs) : undefined;
  timer?.unref();

  const since = (from: number) => `${((performance.now() - from) / 1000).toFixed(1)} s`;
  const style = (kind: Parameters<typeof terminal.style>[0], value: string) =>
    terminal.style(kind, value, stream);

  function erase(): void {
    if (drawn) stream.write("\r\u001b[2K");
    drawn = false;
  }

  function draw(): void {
    const shown = text ?? [...running.values()].join(", ");
    erase();
    if (shown === "") return;
    const frame = frames[Math.floor(performance.now() / redrawMs) % frames.length] ?? "";
    // A line that wraps could not be erased.
    const width = Math.max(10, (stream.columns ?? 80) - 4);
    stream.write(`${style("cyan", frame)} ${shown.length > width ? `${shown.slice(0, width - 1)}…` : shown}`);
    drawn = true;
  }

  function line(content: string): void {
    erase();
    stream.write(`${content}\n`);
  }

  return {
    async step(title, work) {
      const key = Symbol(title);
      const from = performance.now();
      running.set(key, title);
      try {
        const result = await work();
        line(
          `${style("dim", since(startedAt).padStart(8))}  ${style("green", "✓")} ${title} ${style("dim", since(from))}`,
        );
        return result;
      } catch (error) {
        line(
          `${style("dim", since(startedAt).padStart(8))}  ${style("red", "✗")} ${title} ${style("dim", since(from))}`,
        );
        throw error;
      } finally {
        running.delete(key);
      }
    },
    line: (content) => line(`${style("dim", since(startedAt).padStart(8))}  ${content}`),
    live(content) {
      text = content;
      if (stream.isTTY) draw();
    },
    end() {
      clearInterval(timer);
      text = undefined;
      running.clear();
      erase();
    },
  };
}
