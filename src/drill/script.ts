/**
 * What a visitor does at one app, as data, so that it can be sent to the visitor's own process. `{id}` stands for the
 * UUID of a write, `{n}` for the number of the request.
 */
export interface VisitorScript {
  /** Taken in turn. Any 2xx answer that came whole is good. */
  readonly reads: readonly RequestTemplate[];
  /** Must be safe to repeat. A 2xx answer is the app's promise that the write is stored: the write is acknowledged. */
  readonly write: RequestTemplate;
  /** Asks for one write. A 2xx answer with the id in its body = present. */
  readonly verify: RequestTemplate;
  /** What the app itself says when it has no such write; a router's 404 page must not look the same. */
  readonly absent: { readonly status: number; readonly body: string };
}

export interface RequestTemplate {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The template with its placeholders filled in. */
export function fill(
  template: RequestTemplate,
  values: { readonly id: string; readonly n: number },
): RequestTemplate {
  const put = (text: string) => text.replaceAll("{id}", values.id).replaceAll("{n}", String(values.n));
  return {
    ...template,
    path: put(template.path),
    ...(template.body === undefined ? {} : { body: put(template.body) }),
  };
}

/** For examples/guestbook. */
export const guestbookScript: VisitorScript = {
  reads: [
    { method: "GET", path: "/" },
    { method: "GET", path: "/entries" },
  ],
  write: {
    method: "PUT",
    path: "/entries/{id}",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ author: "Visitor", text: "Entry {n} of the drill." }),
  },
  verify: { method: "GET", path: "/entries/{id}" },
  absent: { status: 404, body: "no such entry" },
};
