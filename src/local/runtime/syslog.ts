import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

const firstRetryMs = 250;
const longestRetryMs = 30_000;

/** A connection to a syslog server that comes back by itself. What can't be sent waits, the oldest goes first. */
export class SyslogConnection {
  readonly #url: URL;
  readonly #limit: number;
  #waiting: string[] = [];
  #socket: Socket | undefined;
  #isOpen = false;
  #retryMs = firstRetryMs;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(url: URL, limit: number) {
    this.#url = url;
    this.#limit = limit;
  }

  send(frame: string): void {
    this.#waiting.push(frame);
    if (this.#waiting.length > this.#limit) this.#waiting.shift();
    if (this.#isOpen) this.#flush();
    else this.#connect();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket?.end();
    this.#socket?.destroySoon();
  }

  #flush(): void {
    const frames = this.#waiting.join("");
    this.#waiting = [];
    this.#socket?.write(frames);
  }

  #connect(): void {
    if (this.#socket !== undefined || this.#timer !== undefined || this.#isClosed) return;
    const isTls = this.#url.protocol === "syslog+tls:" || this.#url.protocol === "syslog-tls:";
    const host = this.#url.hostname.replace(/^\[|\]$/g, "");
    const port = Number(this.#url.port || (isTls ? 6514 : 514));
    const open = (): void => {
      this.#isOpen = true;
      this.#retryMs = firstRetryMs;
      this.#flush();
    };
    const socket = isTls
      ? connectTls({ host, port, servername: host }, open)
      : connectTcp({ host, port }, open);
    this.#socket = socket;
    socket.on("error", () => {});
    socket.once("close", () => {
      this.#socket = undefined;
      this.#isOpen = false;
      if (this.#isClosed) return;
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        if (this.#waiting.length > 0) this.#connect();
      }, this.#retryMs);
      this.#retryMs = Math.min(longestRetryMs, this.#retryMs * 2);
    });
    // A drain sends nothing that is of interest; reading lets the end of the connection be seen.
    socket.resume();
  }
}
