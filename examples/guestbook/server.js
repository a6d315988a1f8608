import { createServer } from "node:http";
import { closeCache, countView } from "./cache.js";
import { DatabaseError, pool, query } from "./db.js";
import { markOf, page } from "./page.js";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const columns = `id, number::int, author, text, words, written_at AS "writtenAt"`;

const json = (status, value, headers = {}) => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(value),
});

const withMark = (entry) => ({ ...entry, mark: markOf(entry.author) });

async function latest(limit) {
  const rows = await query(
    `SELECT ${columns} FROM entries WHERE hidden IS NOT TRUE ORDER BY written_at DESC LIMIT $1`,
    [limit],
  );
  return rows.map(withMark);
}

async function find(id) {
  const [entry] = await query(`SELECT ${columns} FROM entries WHERE id = $1`, [id]);
  return entry && withMark(entry);
}

/** The body's author and text, or undefined when they are not both there, or too long. */
async function readEntry(request) {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += chunk;
    if (body.length > 16_384) return undefined;
  }
  try {
    const { author, text } = JSON.parse(body);
    const fits = (value, most) =>
      typeof value === "string" && value.trim() !== "" && value.length <= most && !value.includes("\0");
    return fits(author, 80) && fits(text, 2_000) ? { author, text } : undefined;
  } catch {
    return undefined;
  }
}

/** Idempotent: the client makes the id, so it may send the same entry again when it got no answer. */
async function sign(id, request) {
  const entry = await readEntry(request);
  if (entry === undefined)
    return json(422, { error: "send {author, text}: 1 to 80 and 1 to 2,000 characters" });
  const { author, text } = entry;
  const [made] = await query(
    `INSERT INTO entries (id, author, text) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING RETURNING ${columns}`,
    [id, author, text],
  );
  if (made !== undefined) return json(201, withMark(made));
  const stored = await find(id);
  if (stored?.author === author && stored.text === text) return json(200, stored);
  return json(409, { error: "another entry has this id" });
}

async function health() {
  await query("SELECT 1 FROM migrations LIMIT 1");
  return json(200, { status: "ok" });
}

async function route(request) {
  const [pathname] = request.url.split("?");
  const id = pathname.match(/^\/entries\/([^/]+)$/)?.[1];
  if (id !== undefined && !uuid.test(id)) return json(404, { error: "no such entry" });
  switch (`${request.method} ${id === undefined ? pathname : "/entries/:id"}`) {
    case "GET /": {
      const [entries, views] = await Promise.all([latest(50), countView()]);
      return {
        status: 200,
        headers: { "content-type": "text/html; charset=utf-8" },
        body: page(entries, views),
      };
    }
    case "GET /entries":
      return json(200, await latest(100));
    case "GET /entries/:id": {
      const entry = await find(id);
      return entry === undefined ? json(404, { error: "no such entry" }) : json(200, entry);
    }
    case "PUT /entries/:id":
      return sign(id, request);
    case "GET /health":
      return health();
    default:
      return json(404, { error: "not found" });
  }
}

function failure(error) {
  console.error(error instanceof DatabaseError ? `database: ${error.message}` : error);
  return error instanceof DatabaseError
    ? json(503, { error: "the database can't do this now, try again" }, { "retry-after": "1" })
    : json(500, { error: "internal error" });
}

const server = createServer(async (request, response) => {
  const { status, headers, body } = await route(request).catch(failure);
  response.writeHead(status, server.listening ? headers : { ...headers, connection: "close" }).end(body);
});
// Longer than a router keeps an idle connection, or it may send a request into one that is just closing.
server.keepAliveTimeout = 75_000;
server.listen(process.env.PORT ?? 3000, process.env.HOST, () =>
  console.log(`listening on ${server.address().port}`),
);

/** Takes no more requests, answers those under way, then leaves. */
function stop() {
  server.close(async () => {
    closeCache();
    await pool.end();
    console.log("stopped");
  });
}
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
