import { Resolver } from "node:dns/promises";
import type { Lookup } from "./user.ts";

/** A caching resolver of one user, as far as a user's machine goes: one server, one address, kept for its TTL. */
export function createLookup(server: string): Lookup {
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  resolver.setServers([server]);
  const cache = new Map<string, { readonly address: string; readonly until: number }>();
  return {
    async lookup(name) {
      const known = cache.get(name);
      if (known !== undefined && known.until > performance.now()) return known.address;
      const asked = performance.now();
      const [record] = await resolver.resolve4(name, { ttl: true });
      if (record === undefined) throw new Error(`${name} has no address`);
      cache.set(name, { address: record.address, until: asked + record.ttl * 1000 });
      return record.address;
    },
  };
}
