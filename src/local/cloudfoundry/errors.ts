/** One error as Cloud Foundry's API v3 answers it (cloud_controller_ng, errors/v2.yml): status, code, title, detail. */
export class CfError extends Error {
  readonly status: number;
  readonly code: number;
  readonly title: string;

  constructor(status: number, code: number, title: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
    this.title = title;
  }

  /** The body of the answer. */
  get body(): object {
    return { errors: [{ code: this.code, title: this.title, detail: this.message }] };
  }
}

export const parseError = (detail: string) => new CfError(400, 1001, "CF-MessageParseError", detail);
export const badRequest = (detail: string) => new CfError(400, 1004, "CF-BadRequest", detail);
export const badQuery = (detail: string) => new CfError(400, 10005, "CF-BadQueryParameter", detail);
export const notAuthenticated = () => new CfError(401, 10002, "CF-NotAuthenticated", "Authentication error");
export const invalidToken = () => new CfError(401, 1000, "CF-InvalidAuthToken", "Invalid Auth Token");
/** `what` as the API names it: `App`, `Service instance`. Clients switch on this text. */
export const notFound = (what: string) => new CfError(404, 10010, "CF-ResourceNotFound", `${what} not found`);
export const unknownRequest = () => new CfError(404, 10000, "CF-NotFound", "Unknown request");
export const unprocessable = (detail: string) => new CfError(422, 10008, "CF-UnprocessableEntity", detail);
export const notUnique = (detail: string) => new CfError(422, 10016, "CF-UniquenessError", detail);
export const stagingInProgress = () =>
  new CfError(
    422,
    170017,
    "CF-StagingInProgress",
    "Only one build can be STAGING at a time per application.",
  );
export const rateLimited = () => new CfError(429, 10013, "CF-RateLimitExceeded", "Rate Limit Exceeded");
export const unknownError = (detail: string) => new CfError(500, 10001, "UnknownError", detail);
