/** What brokers give, as one URL: most have `uri`; others the parts of it (Cloud Foundry docs, binding credentials). */
export function urlOf(credentials: Readonly<Record<string, unknown>>): string | undefined {
  const text = (...keys: readonly string[]): string | undefined => {
    for (const key of keys) {
      const value = credentials[key];
      if (typeof value === "string" && value !== "") return value;
      if (typeof value === "number") return String(value);
    }
    return undefined;
  };
  const whole = text("uri", "url", "connection_uri");
  if (whole !== undefined) return whole;
  const host = text("hostname", "host");
  if (host === undefined) return undefined;
  const tls = text("tls_port");
  const port = tls ?? text("port");
  const name = text("name", "database", "db_name", "dbname");
  const user = encodeURIComponent(text("username", "user") ?? "");
  const password = encodeURIComponent(text("password") ?? "");
  const login = password === "" ? "" : `${user}:${password}@`;
  const scheme = name !== undefined ? "postgres" : tls === undefined ? "redis" : "rediss";
  return `${scheme}://${login}${host}${port === undefined ? "" : `:${port}`}${name === undefined ? "" : `/${name}`}`;
}
