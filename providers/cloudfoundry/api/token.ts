import { z } from "zod";
import type { Deadline } from "../../../src/base/deadline.ts";
import { UnderstudyError } from "../../../src/base/errors.ts";
import { parseJsonBody } from "../../../src/base/http.ts";
import type { Connection } from "../settings.ts";
import { credentialsRejected, failureOf } from "./failure.ts";
import type { Transport } from "./transport.ts";

const replySchema = z.object({
  access_token: z.string(),
  refresh_token: z.string().optional(),
  expires_in: z.number(),
});

interface Held {
  readonly access: string;
  readonly refresh: string | undefined;
  /** By the clock's monotonic time. */
  readonly until: number;
}

/** A token is renewed this long before it expires, so that it lasts for the request that it is sent with. */
const marginMs = 60_000;

/** Gets and renews tokens at UAA (docs of cloudfoundry/uaa, "Token"). Requests that come together share one. */
export class TokenSource {
  readonly #connection: Connection;
  readonly #transport: Transport;
  #held: Held | undefined;
  #pending: Promise<Held> | undefined;

  constructor(connection: Connection, transport: Transport) {
    this.#connection = connection;
    this.#transport = transport;
  }

  async token(uaa: string, deadline: Deadline): Promise<string> {
    const held = this.#held;
    if (held !== undefined && held.until > deadline.clock.monotonic()) return held.access;
    this.#pending ??= this.#obtain(uaa, held?.refresh, deadline).finally(() => {
      this.#pending = undefined;
    });
    this.#held = await this.#pending;
    return this.#held.access;
  }

  /** The API refused this token. */
  forget(access: string): void {
    if (this.#held?.access === access) this.#held = undefined;
  }

  async #obtain(uaa: string, refresh: string | undefined, deadline: Deadline): Promise<Held> {
    if (refresh !== undefined) {
      const renewed = await this.#ask(uaa, { grant_type: "refresh_token", refresh_token: refresh }, deadline);
      if (renewed !== undefined) return renewed;
    }
    const connection = this.#connection;
    const form: Readonly<Record<string, string>> =
      "username" in connection
        ? { grant_type: "password", username: connection.username, password: connection.password }
        : {
            grant_type: "client_credentials",
            client_id: connection.clientId,
            client_secret: connection.clientSecret,
          };
    const held = await this.#ask(uaa, form, deadline);
    if (held === undefined) throw credentialsRejected(connection.url);
    return held;
  }

  /** Undefined when UAA doesn't take the grant. */
  async #ask(
    uaa: string,
    form: Readonly<Record<string, string>>,
    deadline: Deadline,
  ): Promise<Held | undefined> {
    // Users come in by the public client `cf`, whose secret is empty.
    const isClient = form.grant_type === "client_credentials";
    const authorization = isClient ? {} : { authorization: `Basic ${btoa("cf:")}` };
    const request = {
      method: "POST",
      url: `${uaa}/oauth/token`,
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        accept: "application/json",
        ...authorization,
      },
      body: new URLSearchParams(form).toString(),
    };
    const response = await this.#transport.send(request, deadline);
    if (response.status === 401) return undefined;
    if (response.status !== 200) throw failureOf(request, response, deadline.clock.now());
    const reply = replySchema.safeParse(parseJsonBody(request, response));
    if (!reply.success) {
      throw new UnderstudyError(`${uaa} answered with something that is not a token.`, {
        code: "bad-response",
      });
    }
    const { access_token: access, refresh_token: next, expires_in: seconds } = reply.data;
    const lifeMs = Math.max(seconds * 1000 - marginMs, (seconds * 1000) / 2);
    return { access, refresh: next, until: deadline.clock.monotonic() + lifeMs };
  }
}
