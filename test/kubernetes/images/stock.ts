import type { Image } from "./image.ts";
import { makeNginxImage } from "./nginx-image.ts";
import { makePostgresImage } from "./postgres-image.ts";
import { makeRedisImage } from "./redis-image.ts";

/** References by digest of images that stand in for those that a cluster would fetch. */
export interface StockImages {
  readonly postgres: string;
  readonly redis: string;
  /** nginx, for the maintenance page. */
  readonly maintenance: string;
}

const makers: { readonly [name in keyof StockImages]: (reference: string) => Promise<Image> } = {
  postgres: makePostgresImage,
  redis: makeRedisImage,
  maintenance: makeNginxImage,
};

/** Makes one of them and gives it to a node. */
async function addStockImage(
  name: keyof StockImages,
  add: (image: Image) => Promise<string>,
): Promise<string> {
  const image = await makers[name](`stock.understudy.local/${name}:1`);
  try {
    return await add(image);
  } finally {
    await image.remove();
  }
}

/** All of them. */
export async function addStockImages(add: (image: Image) => Promise<string>): Promise<StockImages> {
  return {
    postgres: await addStockImage("postgres", add),
    redis: await addStockImage("redis", add),
    maintenance: await addStockImage("maintenance", add),
  };
}
