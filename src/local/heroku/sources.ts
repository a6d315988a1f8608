import { randomUUID } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UnderstudyError } from "../../base/errors.ts";

const fetchTimeoutMs = 120_000;
const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Archives that were uploaded to be built. The address itself is the permission, as with signed URLs. */
export class Sources {
  readonly #folder: string;
  readonly #url: string;

  constructor(folder: string, url: string) {
    this.#folder = folder;
    this.#url = url;
  }

  /** A new address to PUT an archive to; GET of the same one gives it back. */
  create(): string {
    return `${this.#url}/source-blobs/${randomUUID()}`;
  }

  /** False for an id that was never given out. */
  async write(id: string, content: Uint8Array): Promise<boolean> {
    if (!idPattern.test(id)) return false;
    await mkdir(this.#folder, { recursive: true });
    await writeFile(this.#path(id), content);
    return true;
  }

  async find(id: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (!idPattern.test(id)) return undefined;
    return await readFile(this.#path(id)).catch(() => undefined);
  }

  /** Once it is built. */
  async remove(url: string): Promise<void> {
    const id = this.#ownId(url);
    if (id !== undefined) await rm(this.#path(id), { force: true });
  }

  /** An archive that was uploaded here, or one from elsewhere. Throws `source-missing`. */
  async read(url: string): Promise<Uint8Array> {
    const id = this.#ownId(url);
    if (id !== undefined) {
      const content = await this.find(id);
      if (content === undefined) throw missing("nothing was uploaded to its address");
      return content;
    }
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(fetchTimeoutMs) });
      if (!response.ok) throw missing(`its address answered ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    } catch (error) {
      throw error instanceof UnderstudyError ? error : missing("its address can't be reached", error);
    }
  }

  #ownId(url: string): string | undefined {
    const start = `${this.#url}/source-blobs/`;
    const id = url.startsWith(start) ? url.slice(start.length) : undefined;
    return id !== undefined && idPattern.test(id) ? id : undefined;
  }

  #path(id: string): string {
    return join(this.#folder, `${id}.tgz`);
  }
}

function missing(why: string, cause?: unknown): UnderstudyError {
  return new UnderstudyError(`The source could not be fetched: ${why}.`, { code: "source-missing", cause });
}
