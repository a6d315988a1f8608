import type { ServedHeroku } from "./serve.ts";

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // The tests look into what the API answers; its shape is what they check.
  readonly body: Readonly<Record<string, unknown>> & readonly Readonly<Record<string, unknown>>[];
}

interface Call {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Api = (method: string, path: string, call?: Call) => Promise<Answer>;

/** Calls the API as its owner, with what every call needs unless told otherwise. */
export function apiOf({ url, token }: ServedHeroku): Api {
  return async (method, path, { body, headers } = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        Accept: "application/vnd.heroku+json; version=3",
        Authorization: `Bearer ${token}`,
        "Content-Type": "application/json",
        ...headers,
      },
      body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === "" ? {} : JSON.parse(text) };
  };
}

/** Looks until a condition holds; the suite's own time limit is the end of it. */
export async function until<T>(look: () => Promise<T | false | undefined>): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen !== false && seen !== undefined) return seen;
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}
