import type { ResourceHandler } from "../../src/platform/handler.ts";
import type { KubernetesConnection } from "./connection.ts";
import { entrance } from "./resources/entrance.ts";
import { externalService } from "./resources/external-service.ts";
import { image } from "./resources/image.ts";
import { serviceSecret } from "./resources/service-secret.ts";

/** Every resource type of Understudy's own, by its token; all others are objects of the API. */
export const resources: Readonly<Record<string, ResourceHandler<KubernetesConnection>>> = {
  "understudy:kubernetes:Entrance": entrance,
  "understudy:kubernetes:ExternalService": externalService,
  "understudy:kubernetes:Image": image,
  "understudy:kubernetes:ServiceSecret": serviceSecret,
};
