import { withFiles } from "../../../providers/heroku/archive/tar.ts";
import { type Api, until } from "./client.ts";

const web = `
const http = require("node:http");
console.log("booting");
http.createServer((request, response) => {
  if (request.url === "/slow") return;
  if (request.url === "/drop") return request.socket.destroy();
  response.end(JSON.stringify({ env: process.env, headers: request.headers }));
}).listen(process.env.PORT);
process.on("SIGTERM", () => process.exit(0));
`;

/** A source with a web process, a worker, and more files of the caller's. */
export async function appArchive(files: Readonly<Record<string, string>> = {}): Promise<Uint8Array> {
  return await withFiles(undefined, {
    Procfile: "web: node web.js\nworker: sleep 1000\n",
    "web.js": web,
    ...files,
  });
}

/** Uploads and builds an archive, as clients do; settles when the build has ended. */
export async function deploy(
  api: Api,
  app: string,
  archive: Uint8Array,
): Promise<Readonly<Record<string, unknown>>> {
  const { body: source } = await api("POST", "/sources");
  const blob = source.source_blob as { readonly get_url: string; readonly put_url: string };
  const sent = await fetch(blob.put_url, { method: "PUT", body: Buffer.from(archive) });
  await sent.arrayBuffer();
  const { body: build } = await api("POST", `/apps/${app}/builds`, {
    body: { source_blob: { url: blob.get_url, version: "abcdef0123" } },
  });
  return await until(async () => {
    const { body } = await api("GET", `/apps/${app}/builds/${build.id}`);
    return body.status !== "pending" && body;
  });
}
