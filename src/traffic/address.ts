import { isIPv4, isIPv6 } from "node:net";

/** Where a name server listens. */
export interface ServerAddress {
  /** An IP address, or a host name that this machine's resolver knows. */
  readonly host: string;
  readonly port: number;
}

const hostName = /^(?!.*\.\.)[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9])?$/i;

/**
 * Reads `192.0.2.1:5353`, `192.0.2.1` (port 53), `[2001:db8::1]:53`, `2001:db8::1` or `ns1.example.net:53`; undefined
 * when it is none of these.
 */
export function parseServerAddress(text: string): ServerAddress | undefined {
  if (isIPv6(text)) return { host: text, port: 53 };
  const [, bracketed, plain, digits = "53"] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65535) return undefined;
  const valid = bracketed === undefined ? isIPv4(host) || hostName.test(host) : isIPv6(bracketed);
  return valid ? { host, port } : undefined;
}

/** The inverse: `192.0.2.1:53`, `[2001:db8::1]:53`. */
export function formatServerAddress({ host, port }: ServerAddress): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}
