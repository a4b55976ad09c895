// Asking a server: a time-out, and one word for each way to get no answer.

/** `offline`: nothing came back; `timeout`: not in time. Everything else that goes wrong is thrown as what it is. */
export class NoAnswer extends Error {
  constructor(readonly code: "offline" | "timeout") {
    super(code);
  }
}

/** As `fetch`, for at most so many seconds, the body included when `read` takes it. Rejects with NoAnswer. */
export async function ask<Taken>(
  address: string,
  options: RequestInit,
  seconds: number,
  read: (answer: Response) => Promise<Taken>,
): Promise<Taken> {
  const stop = new AbortController();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    stop.abort();
  }, seconds * 1000);
  try {
    return await read(await answered(address, { ...options, signal: stop.signal }));
  } catch (error) {
    throw isLate ? new NoAnswer("timeout") : error;
  } finally {
    clearTimeout(timer);
  }
}

async function answered(address: string, options: RequestInit): Promise<Response> {
  try {
    return await fetch(address, options);
  } catch {
    throw new NoAnswer("offline");
  }
}

/** The time that the answer carries (seconds UTC), with the age that a cache on the way has given it; null: none. */
export function timeOf(answer: Response): number | null {
  const sent = Date.parse(answer.headers.get("Date") ?? "") / 1000;
  const age = Number(answer.headers.get("Age") ?? 0);
  return Number.isFinite(sent) ? sent + Math.max(0, age) : null;
}
