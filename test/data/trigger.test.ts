import { describe, expect, it } from "vitest";
import { contents, makePair, running, settle, useServers } from "./support/pair.ts";

const servers = useServers(1);
const pair = () => makePair(servers[0] as never);

const shop = `
  CREATE TABLE customers (id int PRIMARY KEY, email text UNIQUE);
  CREATE TABLE orders (id serial PRIMARY KEY, customer int NOT NULL REFERENCES customers ON DELETE CASCADE, total numeric(10,2));
  INSERT INTO customers SELECT i, 'c' || i FROM generate_series(1, 200) i;
  INSERT INTO orders (customer, total) SELECT i, i / 3.0 FROM generate_series(1, 200) i;`;
const tables = ["customers", "orders"];

describe("a trigger link", () => {
  it("carries the schema and the rows, then changes, and comes back without a copy", async () => {
    const { primary, mirror, link, back } = await pair();
    await primary.query(shop);
    const there = link();
    expect((await there.status()).state).toBe("absent");
    const seen: string[] = [];
    await there.init({ onProgress: ({ table }) => seen.push(table) });
    expect(new Set(seen)).toEqual(new Set(["public.customers", "public.orders"]));
    expect(await contents(mirror, tables)).toEqual(await contents(primary, tables));

    await primary.query(`
      INSERT INTO customers VALUES (500, 'x');
      UPDATE customers SET id = 501 WHERE id = 500;
      DELETE FROM customers WHERE id = 7;
      UPDATE orders SET total = total + 1 WHERE id < 50`);
    const before = await there.status();
    expect(before.lag?.changes).toBeGreaterThan(50);
    const process = running(there);
    const position = await there.fence(3);
    expect(await there.fence(3)).toBe(position);
    await there.drain(position);
    const promotion = await there.promote(3);
    expect(promotion.sequences).toEqual({ "public.orders_id_seq": "200" });
    await process.stop();
    expect(await contents(mirror, tables)).toEqual(await contents(primary, tables));

    const late = await primary.connect();
    await expect(late.query("INSERT INTO customers VALUES (1000, 'late')")).rejects.toThrow(/read-only/);
    await late.query("SET default_transaction_read_only = off");
    await expect(late.query("INSERT INTO customers VALUES (1000, 'late')")).rejects.toThrow(
      /primary is fenced .* since epoch 3/,
    );
    await mirror.query(
      "INSERT INTO customers VALUES (600, 'new'); INSERT INTO orders (customer, total) VALUES (600, 1)",
    );
    const home = back();
    await settle(home, mirror);
    expect((await home.status()).promotable).toEqual({ ok: true });
    await home.drain(await home.fence(4));
    await home.promote(4);
    expect(await contents(mirror, tables)).toEqual(await contents(primary, tables));
    await expect(primary.query("INSERT INTO orders (customer, total) VALUES (9999, 1)")).rejects.toThrow(
      /foreign key/,
    );
    await primary.query("INSERT INTO orders (customer, total) VALUES (600, 1)");
  });
});
