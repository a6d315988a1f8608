import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { connect, isIP, isIPv6 } from "node:net";
import { type DecodedMessage, decodeMessage, type Question } from "../base/dns/message.ts";
import { sameName } from "../base/dns/name.ts";
import { RetryableError } from "../base/errors.ts";
import { formatServerAddress, type ServerAddress } from "./address.ts";

/** An answer, with its bytes, which its signature covers. */
export interface Answer {
  readonly wire: Buffer;
  readonly message: DecodedMessage;
}

export interface ExchangeOptions {
  /** Until an answer is here, over whatever transports. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /**
   * `question`: UDP, sent again while no answer comes, then TCP. For what may not be sent twice unseen: `once-udp` (TCP
   * when it is large) and `once-tcp`.
   */
  readonly mode: "question" | "once-udp" | "once-tcp";
}

/** A question is sent again after so long. */
const resendMs = 400;
/** The share of the time that UDP gets before TCP is tried, since some networks let only TCP through. */
const udpShare = 0.6;
/** What passes any path in one piece (DNS flag day 2020). */
const udpLimit = 1232;

/**
 * Sends one message and gives the answer that belongs to it; others are passed over. Throws `RetryableError`:
 * `dns-timeout` when none came in time, `dns-unreachable` when the server's side refused.
 */
export async function exchange(
  server: ServerAddress,
  wire: Buffer,
  options: ExchangeOptions,
): Promise<Answer> {
  options.signal?.throwIfAborted();
  const resolved = await resolveHost(server);
  const question = decodeMessage(wire);
  const accept = (bytes: Buffer): Answer | undefined => matchingAnswer(question, wire, bytes);
  const tcp = (timeoutMs: number): Promise<Answer> =>
    overTcp(resolved, wire, accept, { ...options, timeoutMs });
  if (wire.length > udpLimit || options.mode === "once-tcp") return tcp(options.timeoutMs);
  if (options.mode === "once-udp") return overUdp(resolved, wire, accept, options);

  const started = performance.now();
  const left = (): number => Math.max(1, options.timeoutMs - (performance.now() - started));
  try {
    const udpTime = { ...options, timeoutMs: options.timeoutMs * udpShare };
    const answer = await overUdp(resolved, wire, accept, udpTime);
    return answer.message.truncated ? await tcp(left()) : answer;
  } catch (error) {
    if (!(error instanceof RetryableError) || error.code !== "dns-timeout") throw error;
    return tcp(left());
  }
}

async function resolveHost(server: ServerAddress): Promise<ServerAddress> {
  if (isIP(server.host) !== 0) return server;
  try {
    const { address } = await lookup(server.host);
    return { ...server, host: address };
  } catch (error) {
    throw new RetryableError(`The name server ${server.host} has no address that this machine can find.`, {
      code: "dns-unreachable",
      cause: error,
      suggestion: "Name the server by its address: then no other DNS is needed to reach it.",
    });
  }
}

/** The answer has the question's id, kind and question; an answer that is malformed is none. */
function matchingAnswer(question: DecodedMessage, wire: Buffer, bytes: Buffer): Answer | undefined {
  if (bytes.length < 12 || bytes.readUInt16BE(0) !== wire.readUInt16BE(0)) return undefined;
  try {
    const message = decodeMessage(bytes);
    const same = (asked: Question, index: number): boolean => {
      const echoed = message.questions[index];
      return echoed !== undefined && echoed.type === asked.type && sameName(echoed.name, asked.name);
    };
    // A server that can't read the question, or won't, may leave it out.
    const echoes = question.questions.every(same) || (message.questions.length === 0 && message.rcode !== 0);
    const fits = message.response && message.opcode === question.opcode && echoes;
    return fits ? { wire: bytes, message } : undefined;
  } catch {
    return undefined;
  }
}

type Accept = (bytes: Buffer) => Answer | undefined;

function overUdp(
  server: ServerAddress,
  wire: Buffer,
  accept: Accept,
  options: ExchangeOptions,
): Promise<Answer> {
  return settle(server, options, (resolve, reject) => {
    // A connected socket takes answers from that server only, and learns at once that nobody listens there.
    const socket = createSocket(isIPv6(server.host) ? "udp6" : "udp4");
    let open = true;
    let resend: NodeJS.Timeout | undefined;
    const send = (): void => {
      if (open) socket.send(wire);
    };
    socket.on("error", (error) => reject(unreachable(server, error)));
    socket.on("message", (bytes) => {
      const answer = accept(bytes);
      if (answer !== undefined) resolve(answer);
    });
    socket.once("connect", () => {
      send();
      if (open && options.mode === "question") resend = setInterval(send, resendMs);
    });
    socket.connect(server.port, server.host);
    return () => {
      open = false;
      clearInterval(resend);
      socket.close();
    };
  });
}

function overTcp(
  server: ServerAddress,
  wire: Buffer,
  accept: Accept,
  options: ExchangeOptions,
): Promise<Answer> {
  return settle(server, options, (resolve, reject) => {
    const socket = connect({ host: server.host, port: server.port });
    let buffered = Buffer.alloc(0);
    socket.on("error", (error) => reject(unreachable(server, error)));
    socket.on("close", () => reject(unreachable(server, new Error("the connection was closed"))));
    socket.on("connect", () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(wire.length);
      socket.write(Buffer.concat([length, wire]));
    });
    socket.on("data", (chunk) => {
      buffered = Buffer.concat([buffered, chunk]);
      while (buffered.length >= 2 && buffered.length >= 2 + buffered.readUInt16BE(0)) {
        const end = 2 + buffered.readUInt16BE(0);
        const answer = accept(buffered.subarray(2, end));
        buffered = buffered.subarray(end);
        if (answer !== undefined) resolve(answer);
      }
    });
    return () => socket.destroy();
  });
}

/** Runs one attempt to its answer, error, deadline or abort, whichever is first, and then cleans up once. */
async function settle(
  server: ServerAddress,
  { timeoutMs, signal }: ExchangeOptions,
  start: (resolve: (answer: Answer) => void, reject: (error: unknown) => void) => () => void,
): Promise<Answer> {
  signal?.throwIfAborted();
  return new Promise<Answer>((resolve, reject) => {
    const onAbort = (): void => fail(signal?.reason);
    const timer = setTimeout(() => fail(timedOut(server, timeoutMs)), timeoutMs);
    let stop = (): void => {};
    let done = false;
    const finish = (): boolean => {
      if (done) return false;
      done = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      // The attempt's own setup may be what ends it, before its clean-up is known.
      queueMicrotask(() => stop());
      return true;
    };
    const fail = (error: unknown): void => {
      if (finish()) reject(error);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    stop = start((answer) => {
      if (finish()) resolve(answer);
    }, fail);
  });
}

function timedOut(server: ServerAddress, timeoutMs: number): RetryableError {
  return new RetryableError(
    `The name server ${formatServerAddress(server)} gave no answer within ${Math.round(timeoutMs)} ms.`,
    { code: "dns-timeout", suggestion: "Check its address, and that UDP and TCP get through to it." },
  );
}

function unreachable(server: ServerAddress, cause: Error): RetryableError {
  const why = (cause as NodeJS.ErrnoException).code ?? cause.message;
  return new RetryableError(`The name server ${formatServerAddress(server)} can't be reached: ${why}.`, {
    code: "dns-unreachable",
    cause,
    suggestion: "Check its address, and that it runs.",
  });
}
