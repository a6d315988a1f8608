import { randomUUID } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UnderstudyError } from "../../base/errors.ts";

const fetchTimeoutMs = 120_000;

/** Archives that were uploaded to be built. The address itself is the permission, as with signed URLs. */
export class Sources {
  readonly #folder: string;
  readonly #url: string;

  constructor(folder: string, url: string) {
    this.#folder = folder;
    this.#url = url;
  }

  /** A new address to PUT an archive to; the same one gives it back. */
  create(): string {
    return `${this.#url}/source-blobs/${randomUUID()}`;
  }

  async write(id: string, content: Uint8Array): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await writeFile(this.#path(id), content);
  }

  async remove(url: string): Promise<void> {
    const id = this.#ownId(url);
    if (id !== undefined) await rm(this.#path(id), { force: true });
  }

  /** An archive that was uploaded here, or one from elsewhere. Throws `source-missing`. */
  async read(url: string): Promise<Uint8Array> {
    const id = this.#ownId(url);
    try {
      if (id !== undefined) return await readFile(this.#path(id));
      const response = await fetch(url, { signal: AbortSignal.timeout(fetchTimeoutMs) });
      if (!response.ok) throw new Error(`it answered ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    } catch (error) {
      throw new UnderstudyError("The source could not be fetched: nothing was uploaded to its address.", {
        code: "source-missing",
        cause: error,
      });
    }
  }

  #ownId(url: string): string | undefined {
    const start = `${this.#url}/source-blobs/`;
    const id = url.startsWith(start) ? url.slice(start.length) : undefined;
    return id !== undefined && /^[0-9a-f-]{36}$/.test(id) ? id : undefined;
  }

  #path(id: string): string {
    return join(this.#folder, `${id}.tgz`);
  }
}
