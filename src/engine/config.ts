import { join } from "node:path";
import { type Document, isMap, isScalar, parseDocument } from "yaml";
import { InputError, UnsupportedError } from "../base/errors.ts";
import { readTextIfExists, writeFileAtomic } from "../base/file.ts";
import type { Json } from "../base/json.ts";
import type { Project } from "./project.ts";
import type { Crypter } from "./secrets.ts";
import { isObject } from "./values.ts";

/** One setting, decrypted. */
export interface ConfigValue {
  /** As programs get it: the text itself, or JSON for a list or object. */
  readonly text: string;
  readonly secret: boolean;
  readonly value: Json;
  /** Texts of a secret list or object that the file holds in clear: only some of its parts are secret. */
  readonly open: readonly string[];
}

/** Settings by full key, e.g. `shop:region`. */
export type ConfigValues = ReadonlyMap<string, ConfigValue>;

function isSecure(value: Json): value is { readonly secure: string } {
  return isObject(value) && typeof value.secure === "string" && Object.keys(value).length === 1;
}

function decryptValue(value: Json, crypter: Crypter): readonly [Json, boolean] {
  if (isSecure(value)) return [crypter.decrypt(value.secure), true];
  if (Array.isArray(value)) {
    const items = value.map((item: Json) => decryptValue(item, crypter));
    return [items.map(([item]) => item), items.some(([, secret]) => secret)];
  }
  if (!isObject(value)) return [value, false];
  const entries = Object.entries(value).map(([key, item]) => [key, decryptValue(item, crypter)] as const);
  return [
    Object.fromEntries(entries.map(([key, [item]]) => [key, item])),
    entries.some(([, [, secret]]) => secret),
  ];
}

/** The texts of a value as written that are not encrypted. */
function openTexts(value: Json): readonly string[] {
  if (typeof value === "string") return [value];
  if (isSecure(value) || typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(openTexts);
}

function configValue(value: Json, secret: boolean, open: readonly string[] = []): ConfigValue {
  return { text: typeof value === "object" ? JSON.stringify(value) : String(value), secret, value, open };
}

/** The stack's settings file, Pulumi.STACK.yaml, kept with its comments. */
export class StackConfig {
  readonly file: string;
  readonly #document: Document;
  readonly #project: Project;

  private constructor(file: string, document: Document, project: Project) {
    this.file = file;
    this.#document = document;
    this.#project = project;
  }

  /** A stack without a file has no settings yet. Throws `bad-stack-config` for what isn't such a file. */
  static async read(project: Project, stack: string): Promise<StackConfig> {
    const file = join(project.stackConfigFolder, `Pulumi.${stack}.yaml`);
    const document = parseDocument((await readTextIfExists(file)) ?? "");
    const [fault] = document.errors;
    const config = document.get("config");
    if (fault !== undefined || (document.contents !== null && !isMap(document.contents))) {
      const message = fault?.message.split("\n")[0] ?? "The file must be a mapping.";
      throw new InputError([
        { code: "bad-stack-config", message, file, line: fault?.linePos?.[0].line ?? 1 },
      ]);
    }
    if (config !== undefined && config !== null && !isMap(config)) {
      throw new InputError([
        { code: "bad-stack-config", message: "`config` must be a mapping of keys to values.", file },
      ]);
    }
    const provider = document.get("secretsprovider");
    if (typeof provider === "string" && provider !== "passphrase" && provider !== "") {
      throw new UnsupportedError(
        `The offline engine knows the passphrase secrets provider, not '${provider}'.`,
        {
          code: "secrets-provider-unsupported",
          path: file,
          suggestion:
            "Change it with `pulumi stack change-secrets-provider passphrase`, or use --engine pulumi.",
        },
      );
    }
    if (document.has("environment")) {
      throw new UnsupportedError(
        "The offline engine can't open the ESC environments that the stack imports.",
        {
          code: "environment-unsupported",
          path: file,
          suggestion: "Put their values into the stack's own config, or use --engine pulumi.",
        },
      );
    }
    return new StackConfig(file, document, project);
  }

  /** The stack's own salt, or undefined for a stack that never had a secret. */
  get encryptionSalt(): string | undefined {
    const salt = this.#document.get("encryptionsalt");
    return typeof salt === "string" ? salt : undefined;
  }

  set encryptionSalt(salt: string) {
    this.#document.set("encryptionsalt", salt);
  }

  /** `key` with the project's namespace when it has none. */
  fullKey(key: string): string {
    return key.includes(":") ? key.replace(/^([^:]+):config:/, "$1:") : `${this.#project.name}:${key}`;
  }

  /** Keys as written, by full key. */
  #keys(): ReadonlyMap<string, string> {
    const config = this.#document.get("config");
    if (!isMap(config)) return new Map();
    const keys = config.items.map(({ key }) => String(isScalar(key) ? key.value : key));
    return new Map(keys.map((key) => [this.fullKey(key), key]));
  }

  /**
   * All settings: the stack's, and the project's for keys that the stack lacks. With `validate`, throws
   * `missing-config` for keys that the project declares without a default and the stack doesn't set.
   */
  values(crypter: Crypter, options: { readonly validate?: boolean } = {}): ConfigValues {
    const written = (this.#document.toJS() as { readonly config?: Readonly<Record<string, Json>> } | null)
      ?.config;
    const values = new Map(
      Object.entries(written ?? {}).map(([key, value]) => {
        const [plain, secret] = decryptValue(value, crypter);
        return [this.fullKey(key), configValue(plain, secret, secret ? openTexts(value) : [])];
      }),
    );
    const missing: string[] = [];
    for (const [key, declared] of Object.entries(this.#project.config)) {
      const full = this.fullKey(key);
      if (values.has(full)) continue;
      const rule = isObject(declared as Json)
        ? (declared as Readonly<Record<string, Json>>)
        : { value: declared as Json };
      const value = rule.default ?? rule.value;
      if (value !== undefined && value !== null) values.set(full, configValue(value, rule.secret === true));
      else if (full.startsWith(`${this.#project.name}:`)) missing.push(full);
    }
    if (missing.length > 0 && options.validate === true) {
      throw new InputError(
        missing.map((key) => ({
          code: "missing-config",
          message: `The project asks for a value of '${key}', and the stack has none.`,
          file: this.file,
          suggestion: "Set it with `understudy config set STACK KEY VALUE`.",
        })),
      );
    }
    return values;
  }

  /** `path` goes into the value; without it the whole value is set. */
  set(key: string, value: Json, path: readonly (string | number)[] = []): void {
    const written = this.#keys().get(this.fullKey(key)) ?? this.fullKey(key);
    this.#document.setIn(["config", written, ...path], this.#document.createNode(value));
  }

  /** Whether there was such a value. */
  remove(key: string, path: readonly (string | number)[] = []): boolean {
    const written = this.#keys().get(this.fullKey(key));
    return written !== undefined && this.#document.deleteIn(["config", written, ...path]);
  }

  async save(): Promise<void> {
    await writeFileAtomic(this.file, this.#document.toString({ lineWidth: 0 }));
  }
}
