import { expect, it } from "vitest";
import { cronFault, cronOfNickname } from "../../src/app/cron.ts";

it.each(["* * * * *", "00 05 * * *", "*/15 9-17 * * 1-5", "0 0 29 2 *", "30 4 1,15 * SUN"])(
  "%s is a cron line",
  (line) => {
    expect(cronFault(line)).toBeUndefined();
  },
);

it.each(["", "* * *", "* * * * * *", "60 * * * *", "a b c d e", "0 0 30 2 *", "@reboot"])(
  "%j is none",
  (line) => {
    expect(cronFault(line)?.message).toContain(JSON.stringify(line));
  },
);

it("knows what nicknames stand for", () => {
  expect(cronOfNickname("@Weekly ")).toBe("0 0 * * 0");
  expect(cronOfNickname("@reboot")).toBeUndefined();
});
