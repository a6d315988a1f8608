import type { ApiObject } from "./api.ts";

/** The class whose Ingresses are this controller's. */
export const ingressClass = "understudy";
/** The class whose volumes are folders of the node. */
export const storageClass = "standard";
export const storageProvisioner = "understudy.dev/test-volumes";

interface LoadBalancerStatus {
  readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] };
}

export interface Ingress extends ApiObject {
  readonly spec: {
    readonly ingressClassName?: string;
    readonly rules?: readonly {
      readonly host?: string;
      readonly http?: {
        readonly paths: readonly {
          readonly path?: string;
          readonly pathType: string;
          readonly backend: {
            readonly service?: {
              readonly name: string;
              readonly port?: { readonly name?: string; readonly number?: number };
            };
          };
        }[];
      };
    }[];
  };
  readonly status?: LoadBalancerStatus;
}

/** OpenShift's way in: one host name, one Service. */
export interface Route extends ApiObject {
  readonly spec: {
    readonly host?: string;
    readonly path?: string;
    readonly to: { readonly name: string };
    readonly port?: { readonly targetPort: string | number };
    readonly wildcardPolicy?: string;
  };
  readonly status?: { readonly ingress?: readonly { readonly host?: string }[] };
}

export interface Service extends ApiObject {
  readonly spec: {
    readonly type?: string;
    readonly ports?: readonly {
      readonly name?: string;
      readonly port: number;
      readonly targetPort?: string | number;
    }[];
  };
  readonly status?: LoadBalancerStatus;
}

export interface EndpointSlice extends ApiObject {
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: { readonly ready?: boolean };
  }[];
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[];
}

export interface Claim extends ApiObject {
  readonly spec: {
    readonly storageClassName?: string;
    readonly volumeName?: string;
    readonly accessModes: readonly string[];
    readonly resources: { readonly requests: { readonly storage: string } };
  };
}

export interface Volume extends ApiObject {
  readonly spec: { readonly storageClassName?: string; readonly local?: { readonly path: string } };
  readonly status?: { readonly phase?: string };
}

/** All that the controllers of traffic look at, by uid. */
export interface World {
  readonly ingresses: Map<string, Ingress>;
  readonly routes: Map<string, Route>;
  readonly services: Map<string, Service>;
  readonly slices: Map<string, EndpointSlice>;
}

/** Where the API has each kind. */
export const paths = {
  ingresses: "/apis/networking.k8s.io/v1/ingresses",
  routes: "/apis/route.openshift.io/v1/routes",
  services: "/api/v1/services",
  slices: "/apis/discovery.k8s.io/v1/endpointslices",
  claims: "/api/v1/persistentvolumeclaims",
  volumes: "/api/v1/persistentvolumes",
} as const;
