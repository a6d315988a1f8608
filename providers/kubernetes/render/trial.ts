import type { Service } from "../../../src/app/schema.ts";
import type { InputValue, RenderedResource } from "../../../src/platform/contract.ts";
import { recommendedLabels, serviceObject, servicePort, serviceSelector } from "../names.ts";
import type { ServiceSettings } from "../settings.ts";
import type { Fields } from "./kube.ts";
import { afterNamespace, kubeResource } from "./object.ts";
import { canonicalSize } from "./quantity.ts";
import { containerSecurity, podSecurity } from "./security.ts";
import type { Site } from "./site.ts";

type Wish = Extract<ServiceSettings, { from: "trial" }>;

/** How a database for trials is run. */
interface TrialKind {
  readonly scheme: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  image(version: string | undefined): string;
  /** Where its volume goes. */
  readonly data: string;
  /** Folders it writes to besides. */
  readonly scratch: readonly string[];
  /** User and group that own the volume, where they can be named. */
  readonly userId: number;
  /** Command, arguments and environment of its container, given the Secret with its password. */
  container(secret: string): Fields;
  readonly probe: { readonly [field: string]: InputValue };
}

const passwordFrom = (secret: string): InputValue => ({ secretKeyRef: { name: secret, key: "password" } });

/** By type of service: what can be had for trials. */
export const trialKinds: Readonly<Record<string, TrialKind>> = {
  postgres: {
    scheme: "postgres",
    port: 5432,
    user: "app",
    database: "app",
    // Debian's build of it takes any user id; the smaller one does not.
    image: (version) => `docker.io/library/postgres:${version ?? "17"}`,
    data: "/var/lib/postgresql/data",
    scratch: ["/tmp", "/var/run/postgresql"],
    userId: 999,
    container: (secret) => ({
      // So that every link to it is possible.
      args: ["-c", "wal_level=logical"],
      env: [
        { name: "PGDATA", value: "/var/lib/postgresql/data/pgdata" },
        { name: "POSTGRES_DB", value: "app" },
        { name: "POSTGRES_PASSWORD", valueFrom: passwordFrom(secret) },
        { name: "POSTGRES_USER", value: "app" },
      ],
    }),
    // While it is set up, it listens on its socket only.
    probe: { exec: { command: ["pg_isready", "-h", "127.0.0.1", "-U", "app", "-d", "app"] } },
  },
  redis: {
    scheme: "redis",
    port: 6379,
    user: "default",
    database: "0",
    image: (version) => `docker.io/library/redis:${version ?? "7.2"}`,
    data: "/data",
    scratch: ["/tmp"],
    userId: 999,
    container: (secret) => ({
      // By a file, since arguments can be read by whoever sees the process.
      command: [
        "/bin/sh",
        "-c",
        "umask 077 && printf 'requirepass %s\\nappendonly yes\\ndir /data\\n' \"$REDIS_PASSWORD\" > /tmp/redis.conf && exec redis-server /tmp/redis.conf",
      ],
      env: [{ name: "REDIS_PASSWORD", valueFrom: passwordFrom(secret) }],
    }),
    probe: { tcpSocket: { port: servicePort } },
  },
};

/** Where such a service comes from when the settings don't say. */
export const usualTrial: Wish = { from: "trial", storage: "1Gi", exposed: false };

/** Logical name of the Secret of a trial service. */
function secretResource(service: string): string {
  return `secret-${service}`;
}

function hostOf({ app, settings, namespace }: Site, service: string): string {
  return `${serviceObject(app, settings, service)}.${namespace}.svc`;
}

/** A trial service's Secret as its owner writes it. */
export interface TrialSecret {
  readonly service: string;
  /** Name of the Secret. */
  readonly object: string;
  readonly username: string;
  readonly database: string;
  /** With `PASSWORD` in the password's place. */
  readonly url: string;
}

export function trialSecret(site: Site, service: string, type: string): TrialSecret | undefined {
  const kind = trialKinds[type];
  if (kind === undefined) return undefined;
  const { scheme, port, user, database } = kind;
  return {
    service,
    object: serviceObject(site.app, site.settings, service),
    username: user,
    database,
    url: `${scheme}://${user}:PASSWORD@${hostOf(site, service)}:${port}/${database}`,
  };
}

function podSpec(site: Site, kind: TrialKind, object: string, image: string): InputValue {
  const scratch = kind.scratch.map((path, index) => ({ name: `scratch-${index + 1}`, path }));
  const ids = { runAsUser: kind.userId, runAsGroup: kind.userId, fsGroup: kind.userId };
  const own = Object.entries(kind.container(object)).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { ...podSecurity, ...(site.dialect.pinsIds ? ids : {}) },
    containers: [
      {
        name: "service",
        image,
        ...Object.fromEntries(own),
        ports: [{ name: servicePort, containerPort: kind.port, protocol: "TCP" }],
        // Its first start makes the database.
        startupProbe: { ...kind.probe, periodSeconds: 2, failureThreshold: 60 },
        readinessProbe: { ...kind.probe, periodSeconds: 5 },
        resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "512Mi" } },
        securityContext: containerSecurity(true),
        volumeMounts: [
          { name: "data", mountPath: kind.data },
          ...scratch.map(({ name, path }) => ({ name, mountPath: path })),
        ],
      },
    ],
    volumes: scratch.map(({ name }) => ({ name, emptyDir: { sizeLimit: "256Mi" } })),
  };
}

/** A database of one instance on one volume, with a password of its own. No backup and no second copy: for trials. */
export function trialService(
  site: Site,
  name: string,
  service: Service,
  wish: Wish,
): readonly RenderedResource[] {
  const kind = trialKinds[service.type];
  if (kind === undefined) return [];
  const { app, settings, namespace } = site;
  const object = serviceObject(app, settings, name);
  const labels = recommendedLabels(app, settings, name);
  const selector = serviceSelector(app, settings, name);
  const { scheme, port, user, database } = kind;
  const storage: InputValue = {
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: canonicalSize(wish.storage) } },
    ...(settings.storageClass === undefined ? {} : { storageClassName: settings.storageClass }),
  };
  const pod = podSpec(site, kind, object, wish.image ?? kind.image(service.version));
  return [
    {
      type: "understudy:kubernetes:ServiceSecret",
      name: secretResource(name),
      inputs: { namespace, name: object, labels, scheme, host: hostOf(site, name), port, user, database },
      secretOutputs: ["password", "url"],
      ...afterNamespace(site),
    },
    kubeResource(site, `database-${name}`, {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      name: object,
      labels,
      fields: {
        spec: {
          replicas: 1,
          serviceName: object,
          selector: { matchLabels: selector },
          template: { metadata: { labels: { ...labels, ...selector } }, spec: pod },
          volumeClaimTemplates: [{ metadata: { name: "data" }, spec: storage }],
          persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete", whenScaled: "Retain" },
        },
      },
      dependsOn: [secretResource(name)],
      options: { holdsData: true, timeoutSeconds: 900 },
    }),
    kubeResource(site, `database-service-${name}`, {
      apiVersion: "v1",
      kind: "Service",
      name: object,
      labels,
      fields: {
        spec: {
          type: wish.exposed ? "LoadBalancer" : "ClusterIP",
          selector,
          ports: [{ name: servicePort, port, targetPort: servicePort, protocol: "TCP" }],
        },
      },
      dependsOn: [`database-${name}`],
    }),
  ];
}
