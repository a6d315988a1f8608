/** A web app that shows what a router does to its requests and answers. */
export const webApp = {
  Procfile: "web: node web.js",
  "web.js": `
const http = require("node:http");
const { createHash } = require("node:crypto");
const server = http.createServer((request, response) => {
  const url = new URL(request.url, "http://any");
  if (url.pathname === "/headers") {
    response.setHeader("Set-Cookie", ["a=1", "b=2"]);
    response.end(JSON.stringify({ url: request.url, dyno: process.env.DYNO, raw: request.rawHeaders }));
  } else if (url.pathname === "/echo") {
    request.pipe(response);
  } else if (url.pathname === "/stream") {
    response.write("first\\n");
    const timer = setInterval(() => response.write("more\\n"), 50);
    response.on("close", () => { clearInterval(timer); console.log("stream closed"); });
  } else if (url.pathname === "/never") {
    request.on("close", () => console.log("gave up"));
  } else if (url.pathname === "/drop") {
    request.socket.destroy();
  } else if (url.pathname === "/half") {
    response.writeHead(200, { "Content-Length": "100" });
    response.write("half");
    setTimeout(() => request.socket.destroy(), 50);
  } else if (url.pathname === "/die") {
    process.exit(1);
  } else {
    response.writeHead(418, "Teapot", { "Content-Type": "text/plain" });
    response.end("short and stout");
  }
});
server.on("upgrade", (request, socket) => {
  if (request.url === "/refuse") {
    socket.end("HTTP/1.1 403 Forbidden\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nno");
    return;
  }
  const key = request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  const accept = createHash("sha1").update(key).digest("base64");
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: " + accept + "\\r\\n\\r\\n");
  const say = (text) => socket.write(Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]));
  say("proto " + request.headers["x-forwarded-proto"]);
  socket.on("data", (frame) => {
    if ((frame[0] & 0x0f) !== 1) return socket.end();
    const mask = frame.subarray(2, 6);
    const text = frame.subarray(6, 6 + (frame[1] & 0x7f)).map((byte, index) => byte ^ mask[index % 4]);
    say("echo " + Buffer.from(text).toString());
  });
  socket.on("close", () => console.log("socket closed"));
  socket.on("error", () => {});
});
server.listen(process.env.PORT, process.env.HOST);
`,
} as const;
