// The edge: the DNS records that lead users to the active site, and the ledger that says which that is.
// Pulumi makes them; from then on the failover plane alone moves them.
import { Records } from "../src/site/records.ts";
import { edgeOfStack } from "../src/site/stack.ts";

const edge = new Records("edge", await edgeOfStack());

export const outputs = { traffic: edge.handle };
