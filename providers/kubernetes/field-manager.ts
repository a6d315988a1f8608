/** By this name the API server knows what the failover plane and our own resource types have set (server-side apply). */
export const fieldManager = "understudy";
