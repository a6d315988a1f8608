import type { Runtime, RuntimeFlavour } from "./runtime/contract.ts";

/** What a provider process serves its API with. */
export interface FaceOptions {
  /** Where the API is reached, without a trailing slash, e.g. `http://localhost:5001`. */
  readonly url: string;
  /** Zone whose every name leads to the provider's router: `herokudns.test`, or the shared apps domain. */
  readonly dnsZone: string;
  readonly credentials: FaceCredentials;
}

export interface FaceCredentials {
  readonly username: string;
  /** Password, or API key. */
  readonly secret: string;
}

/** One platform's API over a {@link Runtime}. The process that hosts it gates every request with `runtime.faults`. */
export interface Face {
  /** Web-standard handler, as Hono gives it. */
  fetch(request: Request): Response | Promise<Response>;
  close(): Promise<void>;
}

/** How a face is made: heroku/face.ts and cloudfoundry/face.ts export one each. */
export interface FaceKind {
  readonly name: "heroku" | "cloudfoundry";
  flavour(options: {
    readonly address: string;
    readonly routerPort: number;
    readonly options: FaceOptions;
  }): RuntimeFlavour;
  /** Restores what was saved and sets the runtime going. */
  open(runtime: Runtime, options: FaceOptions): Promise<Face>;
}
