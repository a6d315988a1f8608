import { stringify } from "yaml";
import { sortKeys } from "../../../src/base/json.ts";
import type { Artifact } from "../../../src/platform/contract.ts";
import type { Site } from "./site.ts";

/** Where syslog is spoken by default: with TLS, and without. */
const syslogPorts = { "syslog+tls:": 6514, "syslog:": 514 } as const;

function outputOf(url: string, match: string, { app }: Site): object {
  const { protocol, hostname: host, port, pathname, search } = new URL(url);
  if (protocol === "https:") {
    return {
      name: "http",
      match,
      host,
      port: Number(port || 443),
      uri: pathname + search,
      tls: "on",
      format: "json_lines",
    };
  }
  const usual = protocol === "syslog+tls:" ? syslogPorts["syslog+tls:"] : syslogPorts["syslog:"];
  return {
    name: "syslog",
    match,
    host,
    port: Number(port || usual),
    mode: protocol === "syslog+tls:" ? "tls" : "tcp",
    syslog_format: "rfc5424",
    syslog_message_key: "log",
    syslog_appname_preset: app.name,
  };
}

/**
 * The drains as the cluster's collector may have them (Fluent Bit, as a DaemonSet): reading other pods' logs takes rights
 * over the nodes, which no app should have, so it is the cluster's operator who puts this in.
 */
export function drainArtifact(site: Site): readonly Artifact[] {
  const { app, namespace } = site;
  if (app.drains.length === 0) return [];
  const match = `${namespace}.*`;
  const input = {
    name: "tail",
    tag: match,
    path: `/var/log/containers/*_${namespace}_*.log`,
    "multiline.parser": "docker, cri",
  };
  const outputs = app.drains.map(({ url }) => outputOf(url, match, site));
  const content = stringify(sortKeys({ pipeline: { inputs: [input], outputs } }), { lineWidth: 0 });
  const head =
    "# For the Fluent Bit that collects the cluster's logs. It is no object: kubectl does not take it.\n";
  return [{ path: "drains.fluent-bit.yaml", content: head + content }];
}
