/**
 * What an add-on is outside Heroku, and how it names its variables there. Those names are as the vendors commonly give
 * them; they can change, so whoever imports is asked to check them.
 */
export interface AddonFact {
  readonly type: string;
  /** The one variable with its URL; undefined when it gives several instead. */
  readonly url?: string;
  /** Those several, for people. */
  readonly several?: string;
  /** It can't be had any more. */
  readonly withdrawn?: true;
  /** Why it is not quite the same elsewhere. */
  readonly reason?: string;
}

/** Why a vendor's service bought as an add-on is a risk. */
export const billedElsewhere =
  "it is billed through the platform: on another one its keys have to be copied, and in an outage of the platform its login may be out of reach";

const memcached = (variables: string): AddonFact => ({
  type: "memcached",
  several: variables,
  reason: "it needs a user and password (SASL), which others rarely have",
});

const vendor = (type: string, several: string): AddonFact => ({ type, several, reason: billedElsewhere });

const logs = (type: string): AddonFact => ({
  type,
  several: "its keys",
  reason: "the add-on makes its log drain: for another platform add the vendor's drain URL under drains",
});

export const addonFacts: Readonly<Record<string, AddonFact>> = {
  "heroku-postgresql": { type: "postgres", url: "DATABASE_URL" },
  "heroku-redis": { type: "redis", url: "REDIS_URL" },
  "heroku-kafka": { type: "kafka", several: "KAFKA_URL, KAFKA_TRUSTED_CERT, KAFKA_CLIENT_CERT and _KEY" },
  "dokku-postgres": { type: "postgres", url: "DATABASE_URL" },
  "dokku-redis": { type: "redis", url: "REDIS_URL" },
  rediscloud: { type: "redis", url: "REDISCLOUD_URL" },
  redistogo: { type: "redis", url: "REDISTOGO_URL" },
  memcachier: memcached("MEMCACHIER_SERVERS, _USERNAME and _PASSWORD"),
  memcachedcloud: memcached("MEMCACHEDCLOUD_SERVERS, _USERNAME and _PASSWORD"),
  cloudamqp: { type: "rabbitmq", url: "CLOUDAMQP_URL" },
  mongolab: {
    type: "mongodb",
    url: "MONGODB_URI",
    withdrawn: true,
    reason: "the add-on was withdrawn: the database has to be at another vendor",
  },
  jawsdb: { type: "mysql", url: "JAWSDB_URL" },
  "jawsdb-maria": { type: "mysql", url: "JAWSDB_MARIA_URL" },
  cleardb: { type: "mysql", url: "CLEARDB_DATABASE_URL" },
  bucketeer: {
    type: "s3",
    several: "BUCKETEER_AWS_ACCESS_KEY_ID, _AWS_SECRET_ACCESS_KEY, _AWS_REGION and _BUCKET_NAME",
    reason: "its objects have to be copied",
  },
  cloudcube: { type: "s3", url: "CLOUDCUBE_URL", reason: "its objects have to be copied" },
  bonsai: { type: "opensearch", url: "BONSAI_URL" },
  searchbox: { type: "elasticsearch", url: "SEARCHBOX_URL" },
  cloudinary: { type: "cloudinary", url: "CLOUDINARY_URL", reason: billedElsewhere },
  sendgrid: vendor("sendgrid", "SENDGRID_USERNAME and _PASSWORD"),
  mailgun: vendor("mailgun", "MAILGUN_API_KEY, _DOMAIN and others"),
  newrelic: vendor("newrelic", "NEW_RELIC_LICENSE_KEY"),
  sentry: vendor("sentry", "SENTRY_DSN"),
  scout: vendor("scout", "SCOUT_KEY and others"),
  honeybadger: vendor("honeybadger", "HONEYBADGER_API_KEY"),
  "rails-autoscale": { type: "rails-autoscale", url: "RAILS_AUTOSCALE_URL", reason: billedElsewhere },
  papertrail: logs("papertrail"),
  logentries: logs("logentries"),
};

/** Add-ons whose plans need no add-on's name before them in a plan hint: those that their types stand for. */
export const usualAddons: ReadonlySet<string> = new Set([
  "heroku-postgresql",
  "heroku-redis",
  "dokku-postgres",
  "dokku-redis",
]);

/** Add-ons that start commands at set times. What they start is kept by the add-on, not in a file. */
export const schedulers: ReadonlySet<string> = new Set(["scheduler", "advanced-scheduler", "cron-to-go"]);

/** Plans that can't be had any more, and what took their place. */
export const withdrawnPlans: Readonly<Record<string, string>> = {
  "heroku-postgresql:dev": "essential-0",
  "heroku-postgresql:hobby-dev": "essential-0",
  "heroku-postgresql:mini": "essential-0",
  "heroku-postgresql:basic": "essential-0",
  "heroku-postgresql:hobby-basic": "essential-0",
  "heroku-redis:hobby-dev": "mini",
};
