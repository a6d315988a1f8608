/** What a running set of local platforms tells its user, written to `<folder>/info.json` (mode 600). */
export interface LocalInfo {
  readonly version: 1;
  readonly folder: string;
  readonly heroku: {
    /** Platform API, e.g. `http://localhost:5001`. */
    readonly url: string;
    readonly token: string;
    /** Process id of the provider; 0 when it was not to be started. */
    readonly pid: number;
    /** Where its router listens: users come here. */
    readonly router: { readonly address: string; readonly port: number };
    /** Zone of its DNS targets, e.g. `herokudns.test`; every name in it leads to the router's address. */
    readonly dnsZone: string;
  };
  readonly cloudfoundry: {
    readonly url: string;
    readonly username: string;
    readonly password: string;
    readonly organization: string;
    readonly space: string;
    readonly pid: number;
    readonly router: { readonly address: string; readonly port: number };
    /** Shared domain; every name in it leads to the router's address. */
    readonly appsDomain: string;
  };
  readonly dns: {
    readonly pid: number;
    /** `address:port`, UDP and TCP. */
    readonly server: string;
    /** The zone that users' records may be made in. */
    readonly zone: string;
    readonly key: { readonly name: string; readonly algorithm: "hmac-sha256"; readonly secret: string };
  };
}
