import { createHmac } from "node:crypto";

const title = process.env.GUESTBOOK_TITLE ?? "Guestbook";
const key = process.env.MARK_KEY ?? "";

function escapeHtml(text) {
  return String(text).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The same author has the same mark, and nobody without the key can tell which. */
export function markOf(author) {
  return createHmac("sha256", key).update(author).digest("hex").slice(0, 6);
}

function entryHtml({ number, author, text, writtenAt, mark }) {
  const time = new Date(writtenAt);
  return `<li>
    <span class="mark" style="--hue:${Number.parseInt(mark, 16) % 360}" title="mark ${mark}">${escapeHtml(author.slice(0, 1).toUpperCase())}</span>
    <div><p>${escapeHtml(text)}</p>
    <footer><b>${escapeHtml(author)}</b> <time datetime="${time.toISOString()}">${time.toISOString().slice(0, 16).replace("T", " ")} UTC</time> <span>no. ${number}</span></footer></div>
  </li>`;
}

export function page(entries, views) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
  :root { color-scheme: light dark; --ink: light-dark(#2a2622, #ece6de); --soft: light-dark(#857a6e, #9d9388);
    --paper: light-dark(#faf6ef, #1b1917); --card: light-dark(#fff, #262320); --line: light-dark(#e8dfd2, #38332e); --accent: light-dark(#9a3b2a, #e2907e) }
  * { box-sizing: border-box } body { margin: 0; background: var(--paper); color: var(--ink); font: 17px/1.55 Georgia, serif }
  main { max-width: 40rem; margin: 0 auto; padding: 3rem 1.25rem } h1 { font-weight: 400; font-size: 2.4rem; margin: 0 }
  .views, footer { color: var(--soft); font: 13px/1.6 system-ui, sans-serif } footer b { color: var(--ink) } footer > * { margin-right: .6rem }
  form { display: grid; gap: .6rem; margin: 2rem 0 } input, textarea, button { font: inherit; color: inherit; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: 8px; background: var(--card) }
  button { justify-self: start; background: var(--accent); color: var(--card); border: 0; cursor: pointer; padding-inline: 1.4rem }
  ul { list-style: none; margin: 0; padding: 0 } li { display: flex; gap: .9rem; padding: 1rem 0; border-top: 1px solid var(--line) } li p { margin: 0; overflow-wrap: anywhere }
  .mark { flex: none; width: 2.2rem; height: 2.2rem; border-radius: 50%; display: grid; place-items: center; font: 600 15px system-ui; color: #fff; background: hsl(var(--hue) 40% 45%) }
</style>
<main>
  <h1>${escapeHtml(title)}</h1>
  <p class="views">${views === undefined ? "Welcome." : `Welcome, visitor no. ${views}.`}</p>
  <form>
    <input name="author" placeholder="Your name" aria-label="Your name" maxlength="80" required>
    <textarea name="text" placeholder="Leave a line" aria-label="Your line" rows="3" maxlength="2000" required></textarea>
    <button>Sign the book</button><output class="views"></output>
  </form>
  <ul>${entries.map(entryHtml).join("\n")}</ul>
</main>
<script type="module">
  const form = document.querySelector("form");
  // Made here and kept until it is saved, so that a second try can't sign twice.
  let id = newId();
  function newId() {
    const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-a$4-$5");
  }
  form.onsubmit = async (event) => {
    event.preventDefault();
    const body = JSON.stringify(Object.fromEntries(new FormData(form)));
    const answer = await fetch("/entries/" + id, { method: "PUT", headers: { "content-type": "application/json" }, body }).catch(() => undefined);
    if (answer?.ok) return location.reload();
    form.querySelector("output").textContent = "That could not be saved just now. Please try again in a moment.";
  };
</script>
</html>`;
}
