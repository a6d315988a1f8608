import { createHash } from "node:crypto";
import type { HerokuConnection } from "../settings.ts";
import { HerokuClient } from "./client.ts";

const clients = new Map<string, HerokuClient>();

/** The one client of a connection: Heroku counts the calls of an account, whoever makes them, and the client remembers. */
export function clientOf(connection: HerokuConnection): HerokuClient {
  const key = createHash("sha256").update(JSON.stringify(connection)).digest("hex");
  const known = clients.get(key);
  if (known !== undefined) return known;
  const made = new HerokuClient(connection);
  clients.set(key, made);
  return made;
}
