// Other people's implementations in Node: one JSON request a line, one JSON answer.
import { createInterface } from "node:readline";
import certlogic from "certlogic-js";
import { StatusList } from "@sd-jwt/jwt-status-list";

const plain = (value) =>
  value instanceof Date
    ? { milliseconds: value.getTime() }
    : Array.isArray(value)
      ? value.map(plain)
      : (value ?? null);

const TASKS = {
  evaluate: ({ logic, data }) => plain(certlogic.evaluate(logic, data)),
  read: ({ lst, bits, indices }) => {
    const list = StatusList.decompressStatusList(lst, bits);
    return indices.map((index) => list.getStatus(index));
  },
  make: ({ statuses, bits }) => new StatusList(statuses, bits).compressStatusList(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  let answer;
  try {
    answer = { value: TASKS[request.task](request) };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
