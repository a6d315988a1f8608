import { describe, expect, it } from "vitest";
import { contents, makePair, server, settle, useServers } from "./support/pair.ts";

const servers = useServers(1);

// Every base type that a column can have, and values whose text form is easily spoilt on the way.
const values: Readonly<Record<string, readonly string[]>> = {
  bool: ["true"],
  int2: ["-32768", "32767"],
  int4: ["-2147483648"],
  int8: ["9223372036854775807", "9007199254740993"],
  "numeric(20,5)": ["1.50000", "'NaN'"],
  numeric: [
    "'NaN'",
    "'Infinity'",
    "'-Infinity'",
    "1.000",
    "123456789012345678901234567890.000000000000000001",
  ],
  float4: ["'NaN'", "'-Infinity'", "1e-38", "0.1", "'-0'"],
  float8: ["'NaN'", "'Infinity'", "0.1::float8 + 0.2", "1e308", "'-0'", "5e-324"],
  money: ["12.34", "'-$92,233,720,368,547,758.08'"],
  text: ["''", "'NULL'", "E'a\\\\b\\tc\\nd\\r\"e\\'{f},g'", "'\u00e4\u20ac\u{1f600}'", "'\\N'", "' '"],
  "varchar(5)": ["'abc'", "'  '"],
  "char(5)": ["'ab'", "''"],
  '"char"': ["'x'", "''"],
  name: ["'a name'"],
  bytea: ["'\\x00ff5c27'", "''"],
  date: ["'infinity'", "'-infinity'", "'0044-03-15 BC'", "'5874897-12-31'", "'2024-02-29'"],
  time: ["'24:00:00'", "'23:59:59.999999'"],
  timetz: ["'12:00:00.5+05:45'"],
  timestamp: ["'infinity'", "'4713-01-01 00:00:00 BC'", "'2024-01-02 03:04:05.000001'"],
  timestamptz: ["'-infinity'", "'2024-07-01 12:00:00.123456+05:30'", "'0001-01-01 00:00:00+00 BC'"],
  "timestamptz(3)": ["'2024-07-01 12:00:00.123456+05:30'"],
  interval: ["'1 year -2 mons +3 days -04:05:06.789'", "'-178000000 years'", "'0'"],
  "interval day to second(2)": ["'3 days 04:05:06.789'"],
  uuid: ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"],
  json: ['\'{"b": 1,  "a":1.0, "b":2}\'', "'null'", "'\"x\\u0041\"'"],
  jsonb: ['\'{"b": 1.50, "a": [12345678901234567890, null]}\'', "'null'", "'1e3'"],
  jsonpath: ["'$.a[*] ? (@ > 1)'"],
  xml: ["'<a>x &amp; y</a>'", "'two<b/>roots'"],
  inet: ["'10.1.2.3/8'", "'::1'"],
  cidr: ["'10.0.0.0/8'"],
  macaddr: ["'08:00:2b:01:02:03'"],
  macaddr8: ["'08:00:2b:01:02:03:04:05'"],
  "bit(3)": ["B'101'"],
  "bit varying": ["B''", "B'1011'"],
  point: ["'(1.1,-2)'"],
  line: ["'{1,2,3}'"],
  lseg: ["'[(0,0),(1,1)]'"],
  box: ["'(1,1),(0,0)'"],
  path: ["'((0,0),(1,1))'", "'[(0,0),(1,1)]'"],
  polygon: ["'((0,0),(1,1),(2,0))'"],
  circle: ["'<(0,0),2>'"],
  tsvector: ["$$'a':1A,2 'it''s':3$$"],
  tsquery: ["$$'a' & !'b' <-> 'c':*$$"],
  int4range: ["'empty'", "'[1,5)'", "'(,)'"],
  numrange: ["'(1.10,2.0]'"],
  tstzrange: ["'[2024-01-01 00:00+02,infinity)'"],
  daterange: ["'[2024-01-01,2024-02-01)'"],
  int8range: ["'[9007199254740993,)'"],
  tsrange: ["'[2024-01-01,infinity)'"],
  int4multirange: ["'{[1,2),[3,4)}'"],
  int8multirange: ["'{}'"],
  nummultirange: ["'{[1.0,2.50]}'"],
  tsmultirange: ["'{[2024-01-01,2024-01-02)}'"],
  tstzmultirange: ["'{[2024-01-01 00:00+02,)}'"],
  datemultirange: ["'{[2024-01-01,2024-02-01),[2024-03-01,)}'"],
  "int4[]": ["'{}'", "'[0:1]={1,NULL}'", "'{{1,2},{3,4}}'"],
  "text[]": ["ARRAY['a,b', '\"', NULL, 'NULL', '', E'\\\\']"],
  "numeric(6,2)[]": ["'{1.50,NaN}'"],
  "timestamptz[]": ["'{\"2024-07-01 12:00:00+05:30\",infinity}'"],
  "bytea[]": ["ARRAY['\\x00'::bytea]"],
  oid: ["4294967295"],
  pg_lsn: ["'16/B374D848'"],
  txid_snapshot: ["'10:20:10,14'"],
  pg_snapshot: ["'10:20:10,14'"],
  xid: ["'4294967295'"],
  xid8: ["'18446744073709551615'"],
  cid: ["'7'"],
  tid: ["'(4,2)'"],
  refcursor: ["'a cursor'"],
  int2vector: ["'1 2 3'"],
  oidvector: ["'1 2 3'"],
  aclitem: ["'postgres=r/postgres'"],
  regclass: ["'pg_class'", "'plain'"],
  regtype: ["'int4[]'", "'mood'"],
  regproc: ["'pg_catalog.pg_backend_pid'"],
  regprocedure: ["'abs(int)'"],
  regoper: ["'||/'"],
  regoperator: ["'+(int,int)'"],
  regnamespace: ["'public'"],
  regrole: ["'postgres'"],
  regconfig: ["'english'"],
  regdictionary: ["'simple'"],
  regcollation: ["'\"C\"'"],
  mood: ["'it''s \"ok\"'"],
  "mood[]": ["ARRAY['it''s \"ok\"', 'sad']::mood[]"],
  email: ["'a@b'"],
  pair: ["ROW(1.50, E'x,\"y\"')", "ROW(NULL, '')"],
  "pair[]": ["ARRAY[ROW(1, 'a')::pair, NULL]"],
  checked_pair: ["ROW(1, NULL)::pair"],
  floats: ["'[0.1,0.3)'"],
  citext: ["'MiXed'"],
  hstore: ["'a=>\"1,2\", b=>NULL'"],
  ltree: ["'a.b.c'"],
  cube: ["'(1.5,2),(3,4)'"],
};

// Of the server's own making: no column of an app's can have them, or no value of them can be written.
const internal = [
  "gtsvector",
  "pg_brin_bloom_summary",
  "pg_brin_minmax_multi_summary",
  "pg_dependencies",
  "pg_mcv_list",
  "pg_ndistinct",
  "pg_node_tree",
];

const types = `
  CREATE TABLE plain (id int PRIMARY KEY);
  CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree; CREATE EXTENSION cube;
  CREATE TYPE mood AS ENUM ('sad', 'it''s "ok"');
  CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');
  CREATE TYPE pair AS (n numeric, t text);
  CREATE DOMAIN checked_pair AS pair CHECK ((VALUE).n > 0);
  CREATE TYPE floats AS RANGE (subtype = float8);`;

/** A session with the least helpful settings. */
const odd = `
  SET DateStyle = 'SQL, DMY'; SET TimeZone = 'Asia/Kathmandu'; SET IntervalStyle = 'sql_standard'; SET extra_float_digits = -5;
  SET bytea_output = 'escape'; SET xmloption = 'content'`;

const list = Object.entries(values);
const columns = list.map(([type], index) => `c${index} ${type}`).join(", ");

/** Row `place`: the value of that place of each type, the first one where there are fewer. */
function row(place: number): string {
  const cells = list.map(([type, items]) => `(${items[place] ?? items[0]})::${type}`);
  return cells.join(", ");
}

const rows = Math.max(...list.map(([, items]) => items.length));
const read = (first: number) =>
  Array.from(
    { length: rows },
    (_, place) => `INSERT INTO every VALUES (${first + place}, ${row(place)})`,
  ).join(";\n");

describe("a value of each type", { timeout: 180_000 }, () => {
  it("is tried: none that the server has is left out", async () => {
    const { primary } = await makePair(server(servers));
    await primary.query(types);
    const names = Object.keys(values).map((type) => `'${type.replaceAll("'", "''")}'::regtype::oid`);
    const left =
      await primary.query(`SELECT typname FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace
      AND typtype IN ('b', 'r', 'm') AND typcategory <> 'A' AND oid NOT IN (${names.join(", ")}) ORDER BY 1`);
    expect(left.map((item) => item.typname)).toEqual(internal);
  });

  it("is the same at both ends, whether copied or carried, whatever the app's session says", async () => {
    const { primary, mirror, link } = await makePair(server(servers));
    const app = await primary.connect();
    await app.query(types);
    await app.query(`CREATE TABLE every (id int PRIMARY KEY, ${columns})`);
    await app.query(odd);
    await app.query(read(0));
    const there = link();
    await there.init({});
    await app.query(read(100));
    await app.query(`INSERT INTO every (id) VALUES (200)`);
    await app.query("UPDATE every SET c0 = NOT c0 WHERE id < 2");
    await settle(there, primary);
    const all = await contents(primary, ["every"]);
    expect(all.every).toHaveLength(2 * rows + 1);
    expect(await contents(mirror, ["every"])).toEqual(all);
  });

  it("can be a key, and be changed as one", async () => {
    const { primary, mirror, link } = await makePair(server(servers));
    const app = await primary.connect();
    await app.query(types);
    // Types that a primary key can be of: those with a btree.
    const { rows: found } = await app.query(
      `SELECT x FROM unnest($1::text[]) AS x WHERE EXISTS (
      SELECT FROM pg_opclass o JOIN pg_am a ON a.oid = o.opcmethod JOIN pg_type t ON t.oid = x::regtype
      LEFT JOIN pg_type b ON b.oid = t.typbasetype
      WHERE a.amname = 'btree' AND o.opcdefault AND (o.opcintype IN (t.oid, b.oid)
        OR (o.opcintype = 'anyarray'::regtype AND t.typcategory = 'A') OR (o.opcintype = 'anyenum'::regtype AND t.typtype = 'e')
        OR (o.opcintype = 'anyrange'::regtype AND t.typtype = 'r') OR (o.opcintype = 'record'::regtype AND t.typtype = 'c')
        OR t.typname = 'varchar'))`,
      [Object.keys(values)],
    );
    const keys = found.map((item) => item.x as string);
    expect(keys.length).toBeGreaterThan(35);
    const tables = keys.map((_, index) => `k${index}`);
    for (const [index, type] of keys.entries()) {
      await app.query(`CREATE TABLE k${index} (key ${type}, part int, note text, PRIMARY KEY (key, part))`);
      for (const [place, value] of (values[type] ?? []).entries()) {
        await app.query(`INSERT INTO k${index} VALUES ((${value})::${type}, ${place}, 'copied')`);
      }
    }
    const there = link();
    await there.init({});
    await app.query(odd);
    for (const [index, type] of keys.entries()) {
      await app.query(`UPDATE k${index} SET note = 'changed' WHERE part = 0`);
      await app.query(`DELETE FROM k${index} WHERE part = 1`);
      for (const [place, value] of (values[type] ?? []).entries()) {
        await app.query(`INSERT INTO k${index} VALUES ((${value})::${type}, ${10 + place}, 'carried')`);
      }
      await app.query(`UPDATE k${index} SET part = part + 100 WHERE part = 10`);
    }
    await settle(there, primary);
    expect(await contents(mirror, tables)).toEqual(await contents(primary, tables));
  });
});
